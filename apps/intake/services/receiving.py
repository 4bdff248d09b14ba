"""Taking files in: every file's bytes are hashed and sealed before anybody looks into them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.audit.services import events_record
from apps.intake.constants import ACTION_RECEIVED, MAX_FILE_BYTES
from apps.intake.domain import reasons
from apps.intake.domain.reasons import Reason
from apps.intake.domain.states import DeliveryState, FileState
from apps.intake.models import Delivery, IncomingFile
from apps.intake.selectors import delivery_get_for, files_by_digest, hashes_in_quarantine
from apps.intake.services.deliveries import delivery_changed_on_commit
from apps.intake.services.names import NameSealer
from apps.studies.selectors import known_source_digests
from kernel.actors import Actor
from kernel.blobs.models import Blob
from kernel.blobs.services import blob_write, blobs_delete, blobs_write
from kernel.errors import ConflictError, DomainError

_STREAM_FROM_BYTES = 32 << 20
_READ_BYTES = 1 << 20

NamedContent = tuple[str, bytes]


class FileTooLargeError(DomainError):
    code = "file-too-large"
    status = 413
    title = "The file is larger than is allowed"
    remedy = "Send its parts, or ask your administrator to raise the limit."


@transaction.atomic(savepoint=False)
def files_receive(
    *, actor: Actor, delivery: Delivery, files: Sequence[NamedContent], unpacking: bool = False
) -> list[IncomingFile]:
    """Take in files held in memory, in order; a constant number of queries.

    Bytes the project holds already become `duplicate` at once and are not stored again; the same bytes under the same
    name in this delivery are the same file. Raises `ConflictError` for a delivery that receives no more; files of an
    archive it received before still come in (`unpacking`).
    """
    hashes = [hashlib.sha256(content).hexdigest() for _, content in files]
    known = _known(delivery, hashes)
    fresh: dict[str, bytes] = {}
    for digest, (_, content) in zip(hashes, files, strict=True):
        if digest not in known:
            fresh.setdefault(digest, content)
    blobs = dict(zip(fresh, blobs_write(delivery.key, list(fresh.values())), strict=True))
    named = [(name, len(content)) for name, content in files]
    return _register(actor, delivery, named, hashes, blobs, unpacking=unpacking)


@transaction.atomic
def member_refused(*, actor: Actor, delivery: Delivery, name: str, reason: Reason) -> IncomingFile:
    """Note a file of an archive that goes no further; nothing of it is kept."""
    digest = hashlib.sha256(name.encode() + b"\0refused").hexdigest()
    (file,) = _register(actor, delivery, [(name, 0)], [digest], {}, unpacking=True)
    file.state = FileState.REFUSED.value
    file.reason_code, file.reason_title, file.reason_remedy = reason.code, reason.title, reason.remedy
    file.save(update_fields=["state", "reason_code", "reason_title", "reason_remedy"])
    return file


def file_receive_stream(
    *, actor: Actor, delivery_id: uuid.UUID, name: str, chunks: Iterable[bytes]
) -> tuple[IncomingFile, bool]:
    """Take in one file of any size as it arrives. Returns it, and whether it is new.

    Raises `FileTooLargeError`, `ConflictError`, `NotFoundError`.
    """
    delivery = delivery_get_for(actor=actor, delivery_id=delivery_id)
    head, rest = _head(_limited(chunks))
    if rest is None:
        before = delivery.files_received
        (file,) = files_receive(actor=actor, delivery=delivery, files=[(name, head)])
        return file, delivery.files_received > before
    with transaction.atomic():
        blob = blob_write(delivery.key, _chain(head, rest))
        before = delivery.files_received
        is_known = bool(_known(delivery, [blob.digest]))
        blobs = {} if is_known else {blob.digest: blob}
        (file,) = _register(actor, delivery, [(name, blob.size)], [blob.digest], blobs)
        if is_known and not IncomingFile.objects.filter(blob=blob).exists():
            blobs_delete([blob])
        return file, delivery.files_received > before


def missing_names(*, delivery: Delivery, files: Sequence[tuple[str, int]]) -> list[str]:
    """Which of the named files, with these sizes, have not been received: for an upload that goes on."""
    sealer = NameSealer.of(delivery)
    digests = {name: sealer.digest(name) for name, _ in files}
    held = files_by_digest(delivery, digests.values())
    return [name for name, size in files if all(row.size != size for row in held.get(digests[name], []))]


def _register(
    actor: Actor,
    delivery: Delivery,
    named: Sequence[tuple[str, int]],
    hashes: Sequence[str],
    blobs: dict[str, Blob],
    *,
    unpacking: bool = False,
) -> list[IncomingFile]:
    sealer = NameSealer.of(delivery)
    digests = [sealer.digest(name) for name, _ in named]
    delivery_row = _locked(delivery, unpacking=unpacking)
    number, used = delivery_row.files_received, set()
    rows = []
    for (name, size), digest, sha256 in zip(named, digests, hashes, strict=True):
        number += 1
        blob = blobs.get(sha256) if sha256 not in used else None
        used.add(sha256)
        row = IncomingFile(
            delivery=delivery, number=number, sealed_name=sealer.seal(name), name_digest=digest, size=size,
            sha256=sha256, blob=blob,
        )  # fmt: skip
        if blob is None:
            row.state = FileState.DUPLICATE.value
            row.reason_code, row.reason_title = reasons.DUPLICATE.code, reasons.DUPLICATE.title
            row.reason_remedy = reasons.DUPLICATE.remedy
        rows.append(row)
    known = {(row.name_digest, row.sha256): row for held in files_by_digest(delivery, digests).values() for row in held}
    fresh = list(
        {(row.name_digest, row.sha256): row for row in rows if (row.name_digest, row.sha256) not in known}.values()
    )
    IncomingFile.objects.bulk_create(fresh, batch_size=500)
    _count(delivery, fresh)
    _tell(actor, fresh)
    known |= {(row.name_digest, row.sha256): row for row in fresh}
    return [known[(row.name_digest, row.sha256)] for row in rows]


def _known(delivery: Delivery, hashes: Sequence[str]) -> set[str]:
    """What the project holds already: admitted, or waiting in quarantine."""
    return known_source_digests(delivery.project_id, hashes) | hashes_in_quarantine(delivery.project_id, hashes)


def _locked(delivery: Delivery, *, unpacking: bool) -> Delivery:
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    allowed = {DeliveryState.RECEIVING, DeliveryState.PROCESSING} if unpacking else {DeliveryState.RECEIVING}
    if row.state not in allowed:
        raise ConflictError(
            "This delivery receives no more files.", code="delivery-complete", remedy="Open a new delivery."
        )
    return row


def _count(delivery: Delivery, rows: Sequence[IncomingFile]) -> None:
    size = sum(row.size for row in rows)
    Delivery.objects.filter(pk=delivery.pk).update(
        files_received=F("files_received") + len(rows),
        bytes_received=F("bytes_received") + size,
        last_received_at=timezone.now(),
    )
    delivery.files_received += len(rows)
    delivery.bytes_received += size
    delivery_changed_on_commit(delivery)


def _tell(actor: Actor, rows: Sequence[IncomingFile]) -> None:
    events_record(
        actor=actor,
        rows=[
            {
                "action": ACTION_RECEIVED,
                "object_kind": "incoming_file",
                "object_id": row.pk,
                "digest_after": row.sha256,
                "details": {"delivery_id": str(row.delivery_id), "size": row.size},
            }
            for row in rows
        ],
    )


def _limited(chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_FILE_BYTES:
            raise FileTooLargeError()
        yield chunk


def _head(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes] | None]:
    """All of a small body and None, or the beginning of a large one and the rest."""
    pieces, size = [], 0
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size > _STREAM_FROM_BYTES:
            return b"".join(pieces), chunks
    return b"".join(pieces), None


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest
