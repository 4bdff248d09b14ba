"""STOW-RS: parts of a store request go into the sender's open delivery."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from apps.intake.models import Delivery
from apps.intake.selectors import open_delivery_of
from apps.intake.services.deliveries import delivery_create, processing_enqueue
from apps.intake.services.receiving import files_receive
from apps.projects.constants import ProjectAction
from apps.projects.selectors import project_get_for
from apps.studies.services.storing import StoreOutcome
from imaging.errors import ImagingError
from imaging.series_header import read_header
from kernel.actors import Actor

_CANNOT_UNDERSTAND = 0xC000
_NOT_THIS_STUDY = 0xC409
_BATCH_BYTES = 64 << 20
_BATCH_FILES = 256
SOURCE = "stow"


@transaction.atomic(savepoint=False)
def instances_receive(
    actor: Actor, slug: str, study_instance_uid: str, contents: Iterator[bytes]
) -> list[StoreOutcome]:
    """Take in the instances of a store request; each part's outcome in order (PS3.18 10.5.3).

    What cannot be read as DICOM is told in the response and reported in the delivery too.
    """
    delivery = _delivery(actor, slug)
    outcomes: list[StoreOutcome] = []
    batch: list[tuple[str, bytes]] = []
    for content in contents:
        outcome = _outcome(content, study_instance_uid)
        outcomes.append(outcome)
        if outcome.failure_reason == _NOT_THIS_STUDY:
            continue
        # Named by its content's UID: the standard's parts have no file name.
        batch.append((outcome.sop_instance_uid or f"part {len(outcomes)}", content))
        if len(batch) >= _BATCH_FILES or sum(len(c) for _, c in batch) >= _BATCH_BYTES:
            files_receive(actor=actor, delivery=delivery, files=batch)
            batch = []
    if batch:
        files_receive(actor=actor, delivery=delivery, files=batch)
    if outcomes:
        _start(actor, delivery)
    return outcomes


def _delivery(actor: Actor, slug: str) -> Delivery:
    project = project_get_for(actor=actor, slug=slug, action=ProjectAction.DELIVER)
    found = open_delivery_of(project_id=project.pk, source=SOURCE, user_id=actor.user_id)
    return found or delivery_create(actor=actor, slug=slug, name="DICOMweb", source=SOURCE)


def _start(actor: Actor, delivery: Delivery) -> None:
    if delivery.job_id is None:
        delivery.job_id = processing_enqueue(actor=actor, delivery=delivery).pk
        delivery.save(update_fields=["job_id"])


def _outcome(content: bytes, study_instance_uid: str) -> StoreOutcome:
    try:
        header = read_header(content)
    except ImagingError:
        return StoreOutcome("", "", _CANNOT_UNDERSTAND)
    uids = header.sop_class_uid, header.sop_instance_uid
    if study_instance_uid and header.study_instance_uid != study_instance_uid:
        return StoreOutcome(*uids, _NOT_THIS_STUDY)
    return StoreOutcome(*uids, None if header.sop_instance_uid else _CANNOT_UNDERSTAND)
