"""First step: what is each file, whose is it, is it here already. Archives are unpacked on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.intake.domain import archives, reasons
from apps.intake.domain.archives import ArchiveRefusedError
from apps.intake.domain.reasons import Reason
from apps.intake.domain.states import OPEN, FileState
from apps.intake.models import Delivery, IncomingFile
from apps.intake.services import receiving, steps
from apps.intake.services.completing import stated_instance_uid
from apps.intake.services.names import NameSealer
from apps.studies.selectors import known_instance_uids
from apps.studies.services.subjects import subject_keys, subjects_for_identities
from imaging.errors import ImagingError
from imaging.scan import scan
from imaging.series_header import read_header
from kernel.actors import Actor
from kernel.blobs.reader import blob_open
from kernel.blobs.services import blob_read_range, blobs_read
from kernel.keys.derive import keyed_digest
from kernel.keys.services import key_secret, project_key

if TYPE_CHECKING:
    from apps.studies.models import Subject

_ISSUER = 0x00100021
_DIRECTORY_SEQUENCE = 0x00041220
_UNPACK_BATCH = 64
_UNPACK_BYTES = 128 << 20


@dataclass(frozen=True)
class Identity:
    """What a header says a file is. Held in memory only."""

    patient: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    is_complete: bool

    def __repr__(self) -> str:
        return "<Identity>"


def archives_unpack(*, actor: Actor, delivery: Delivery, files: Sequence[IncomingFile]) -> list[IncomingFile]:
    """Unpack the archives among the files; returns the others. Unpacking twice receives nothing twice."""
    others = []
    for file in files:
        if file.blob is not None and archives.is_archive(blob_read_range(file.blob, 0, min(4, file.blob.size))):
            _unpack(actor, delivery, file)
        else:
            others.append(file)
    return others


def files_read(*, actor: Actor, delivery: Delivery, files: Sequence[IncomingFile]) -> None:
    """Read headers, find subjects, recognise what is here already: received → read, duplicate, held or refused."""
    identities: dict[IncomingFile, Identity] = {}
    contents = blobs_read([file.blob for file in files if file.blob is not None])
    for file in files:
        found = identify(next(contents)) if file.blob is not None else reasons.UNREADABLE
        if isinstance(found, Reason):
            steps.move(file, FileState.REFUSED, found)
        else:
            identities[file] = found
    subjects = subjects_for_identities(delivery.project_id, {i.patient for i in identities.values()})
    _settle_identities(delivery, identities, subjects)
    steps.save(actor, files)


def identify(content: bytes) -> Identity | Reason:
    """The identity in a file's header, or why it is refused."""
    try:
        header = read_header(content)
        raw = scan(content)
    except ImagingError as error:
        if error.code == "not-dicom":
            return reasons.NOT_DICOM
        return Reason(error.code, error.detail, error.remedy)
    if _DIRECTORY_SEQUENCE in raw.elements:
        return reasons.DIRECTORY
    sop_instance_uid = header.sop_instance_uid or stated_instance_uid(content)
    if not sop_instance_uid:
        return reasons.INCOMPLETE
    place = header.frame_of_reference_uid or sop_instance_uid
    study_uid = header.study_instance_uid or f"missing {place}"
    series_uid = header.series_instance_uid or f"missing {place}"
    issuer = raw.value(_ISSUER).decode("latin-1").strip(" \0")
    # Without a PatientID nothing says that two studies are one person's.
    patient = f"patient\0{header.patient_id}\0{issuer}" if header.patient_id else f"study\0{study_uid}"
    is_complete = bool(header.study_instance_uid and header.series_instance_uid)
    return Identity(patient, study_uid, series_uid, sop_instance_uid, is_complete)


def _settle_identities(
    delivery: Delivery, identities: dict[IncomingFile, Identity], subjects: dict[str, Subject]
) -> None:
    secret = key_secret(project_key(delivery.project_id).pk)
    for file, identity in identities.items():
        file.subject = subjects[identity.patient]
        group = f"{identity.study_instance_uid}\0{identity.series_instance_uid}"
        file.series_digest = keyed_digest(secret, "original series", group.encode())
        file.instance_digest = keyed_digest(secret, "original instance", identity.sop_instance_uid.encode())
    taken = _taken(delivery, list(identities))
    mapped = {file: subject_keys(subjects[i.patient]).uid(i.sop_instance_uid) for file, i in identities.items()}
    admitted = known_instance_uids(delivery.project_id, mapped.values())
    for file in identities:
        other = taken.get(file.instance_digest)
        taken.setdefault(file.instance_digest, file.sha256)
        if mapped[file] in admitted or other not in (None, file.sha256):
            steps.move(file, FileState.HELD, reasons.CONFLICT)
        elif other is not None:
            # the same bytes twice at the same moment: neither was here when the other was received
            steps.move(file, FileState.DUPLICATE, reasons.DUPLICATE)
        elif not identities[file].is_complete:
            steps.move(file, FileState.HELD, reasons.MISSING_UIDS)
        else:
            steps.move(file, FileState.READ)


def _taken(delivery: Delivery, files: Sequence[IncomingFile]) -> dict[str, str]:
    """Instances already in work in the project: keyed digest of the UID to SHA-256 of the file."""
    rows = IncomingFile.objects.filter(
        delivery__project_id=delivery.project_id,
        instance_digest__in={file.instance_digest for file in files},
        state__in=[state.value for state in OPEN],
    )
    own = [file.pk for file in files]
    return dict(rows.exclude(pk__in=own).values_list("instance_digest", "sha256"))


def _unpack(actor: Actor, delivery: Delivery, file: IncomingFile) -> None:
    name = NameSealer.of(delivery).open(file)
    assert file.blob is not None
    count = 0
    try:
        batch: list[tuple[str, bytes]] = []
        for member in archives.members(blob_open(file.blob)):
            count += 1
            if member.refused is not None:
                receiving.member_refused(
                    actor=actor, delivery=delivery, name=f"{name}/{member.name}", reason=member.refused
                )
                continue
            batch.append((f"{name}/{member.name}", member.content))
            if len(batch) >= _UNPACK_BATCH or sum(len(content) for _, content in batch) > _UNPACK_BYTES:
                receiving.files_receive(actor=actor, delivery=delivery, files=batch, unpacking=True)
                batch = []
        if batch:
            receiving.files_receive(actor=actor, delivery=delivery, files=batch, unpacking=True)
        steps.move(file, FileState.UNPACKED, Reason("unpacked", f"Archive of {count} files, unpacked", ""))
    except ArchiveRefusedError as refusal:
        steps.move(file, FileState.REFUSED, refusal.reason)
    steps.save(actor, [file])
