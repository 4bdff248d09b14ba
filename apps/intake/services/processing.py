"""The work on a delivery from the first file to the last.

Every step is kept when it is done: a dead worker's successor goes on where it stopped, and doing a step twice
changes nothing. Bytes are worked on outside any transaction.
"""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from django.conf import settings
from django.utils import timezone

from apps.intake.domain.states import DeliveryState, FileState
from apps.intake.models import Delivery, IncomingFile
from apps.intake.selectors import files_in_state, states_of
from apps.intake.services import admitting, checking, deidentifying, deliveries, reading
from apps.intake.services.admitting import Outcome
from apps.studies.services.subjects import subject_keys
from imaging.deid.policy import Policy, load_policy
from kernel.actors import Actor
from kernel.blobs.services import blobs_read
from kernel.jobs.services import enqueue
from kernel.tenancy.scope import tenant_scope

_READ_BATCH = 64
_ADMIT_BATCH = 48
QUIET_S = 3.0
"""A sender that stores instance by instance is done when nothing came for this long (`INTAKE_QUIET_S`)."""

Progress = Callable[[int, int | None, str], None]


class DeliveryWork:
    """The steps of one delivery, on behalf of a job's actor. `progress(done, total, message)` may raise to stop."""

    def __init__(self, actor: Actor, delivery_id: uuid.UUID, progress: Progress) -> None:
        self._actor = actor
        self._delivery_id = delivery_id
        self._progress = progress

    def _scope(self) -> AbstractContextManager[None]:
        return tenant_scope(self._actor.tenant_id)

    def run(self) -> dict[str, int]:
        """Work until nothing is left. Returns how many files are in which state."""
        while True:
            self._wait_for_quiet()
            self._read_all()
            self._check_all()
            self._admit_all()
            with self._scope():
                if deliveries.delivery_settle(actor=self._actor, delivery_id=self._delivery_id):
                    return states_of([self._delivery_id])[self._delivery_id]

    def _wait_for_quiet(self) -> None:
        """Storing over DICOMweb has no end of its own."""
        quiet_s = float(getattr(settings, "INTAKE_QUIET_S", QUIET_S))
        while True:
            with self._scope():
                delivery = self._delivery()
            last = delivery.last_received_at
            waited_s = (timezone.now() - last).total_seconds() if last else quiet_s
            if delivery.state != DeliveryState.RECEIVING or waited_s >= quiet_s:
                return
            self._progress(0, delivery.files_received, "receiving")
            time.sleep(min(quiet_s - waited_s, 1.0))

    def _read_all(self) -> None:
        while True:
            with self._scope():
                delivery = self._delivery()
                files = list(files_in_state(self._delivery_id, FileState.RECEIVED)[:_READ_BATCH])
                if not files:
                    return
                others = reading.archives_unpack(actor=self._actor, delivery=delivery, files=files)
                if others:
                    reading.files_read(actor=self._actor, delivery=delivery, files=others)
                done, total = self._counted(delivery)
            self._progress(done, total, "reading headers")

    def _check_all(self) -> None:
        for files in self._groups(FileState.READ):
            with self._scope():
                contents = list(blobs_read([file.blob for file in files if file.blob is not None]))
                done, total = self._counted(self._delivery())
            self._progress(done, total, "checking quality")
            report = checking.quality_of(contents)
            with self._scope():
                checking.series_checked(actor=self._actor, delivery=self._delivery(), files=files, report=report)

    def _admit_all(self) -> None:
        with self._scope():
            policy = load_policy(self._delivery().project.deidentification_policy)
        for files in self._groups(FileState.CHECKED, by_subject=True):
            self._admit_series(files, policy)

    def _admit_series(self, files: Sequence[IncomingFile], policy: Policy) -> None:
        """One series of one subject: pixels together, then attributes file by file."""
        subject = files[0].subject
        assert subject is not None
        with self._scope():
            originals = list(blobs_read([file.blob for file in files if file.blob is not None]))
            keys = subject_keys(subject)
            done, total = self._counted(self._delivery())
        self._progress(done, total, "looking for text in pixels")
        contents = deidentifying.completed(originals, frozenset(files[0].released_for.split()))
        known = deidentifying.series_identifiers(contents)
        checked = deidentifying.pixels_checked(contents, known, frozenset(files[0].released_for.split()))
        for start in range(0, len(files), _ADMIT_BATCH):
            batch = range(start, min(start + _ADMIT_BATCH, len(files)))
            self._progress(done + start, total, "removing identities")
            outcomes = [
                Outcome(files[i], deidentifying.instance_cleaned(checked[i], originals[i], policy, keys, known))
                for i in batch
            ]
            with self._scope():
                admitting.outcomes_settle(
                    actor=self._actor, delivery=self._delivery(), subject=subject, policy=policy, outcomes=outcomes
                )
        self._derive(files)

    def _derive(self, files: Sequence[IncomingFile]) -> None:
        with self._scope():
            for series_id in {file.series_id for file in files if file.series_id}:
                enqueue("studies.derive_frames", dedup_key=str(series_id), series_id=series_id)

    def _groups(self, state: FileState, *, by_subject: bool = False) -> list[list[IncomingFile]]:
        """Files of one series (and one subject, and released for the same) together, in the order they came."""
        with self._scope():
            files = list(files_in_state(self._delivery_id, state))
        groups: dict[tuple[object, ...], list[IncomingFile]] = defaultdict(list)
        for file in files:
            groups[(file.series_digest, file.released_for, file.subject_id if by_subject else None)].append(file)
        return list(groups.values())

    def _counted(self, delivery: Delivery) -> tuple[int, int]:
        """Files that need no more work, and all of them."""
        counts = states_of([delivery.pk])[delivery.pk]
        return delivery.files_received - counts[FileState.RECEIVED.value], delivery.files_received

    def _delivery(self) -> Delivery:
        return Delivery.objects.select_related("project", "key").get(pk=self._delivery_id)
