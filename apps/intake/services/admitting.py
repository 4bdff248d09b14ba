"""Fourth step: instances that passed every gate leave quarantine, with a manifest of what was changed."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.intake.domain import manifest, reasons
from apps.intake.domain.states import FileState
from apps.intake.models import Admission, Delivery, IncomingFile
from apps.intake.selectors import admissions_of_series, findings_of
from apps.intake.services import steps
from apps.intake.services.deidentifying import Clean, Stopped
from apps.studies.selectors import series_by_ids
from apps.studies.services import admission
from imaging import ENGINE_VERSION
from imaging.deid.policy import Policy
from kernel.actors import Actor
from kernel.blobs.services import blobs_read, blobs_write

if TYPE_CHECKING:
    from apps.studies.models import Instance, Series, Subject


@dataclass(frozen=True)
class Outcome:
    """A file and what the gates said of it."""

    file: IncomingFile
    result: Clean | Stopped


@transaction.atomic
def outcomes_settle(
    *, actor: Actor, delivery: Delivery, subject: Subject, policy: Policy, outcomes: Sequence[Outcome]
) -> None:
    """Admit what passed and hold the rest, in one transaction. What was settled before is left as it is."""
    current = _still_checked(outcomes)
    passed = []
    for outcome in outcomes:
        if outcome.file.pk not in current:
            continue
        if isinstance(outcome.result, Stopped):
            steps.move(outcome.file, FileState.HELD, outcome.result.reason, where=outcome.result.where)
        else:
            steps.move(outcome.file, FileState.DEIDENTIFIED)
            passed.append((outcome.file, outcome.result))
    if passed:
        _admit(actor, delivery, subject, policy, passed)
    steps.save(actor, [outcome.file for outcome in outcomes if outcome.file.pk in current])


def deidentification_of_series(series: Series) -> dict[str, Any]:
    """What was changed in a series, summed over its admissions. A door has opened the series."""
    manifests = blobs_read([a.manifest_blob for a in admissions_of_series(series.pk)])
    return manifest.summary(manifests)


def _admit(
    actor: Actor,
    delivery: Delivery,
    subject: Subject,
    policy: Policy,
    passed: Sequence[tuple[IncomingFile, Clean]],
) -> None:
    admissions = [
        admission.Admission(clean.description, clean.content, _blob(file), file.sha256) for file, clean in passed
    ]
    instances = admission.instances_admit(actor=actor, subject=subject, admissions=admissions)
    by_series: dict[uuid.UUID, list[tuple[Instance, Clean]]] = defaultdict(list)
    for (file, clean), instance in zip(passed, instances, strict=True):
        if instance.source_digest != file.sha256:
            # Another delivery admitted an instance of this UID first.
            steps.move(file, FileState.HELD, reasons.CONFLICT)
            continue
        steps.move(file, FileState.ADMITTED)
        file.series_id, file.instance_id, file.blob = instance.series_id, instance.pk, None
        by_series[instance.series_id].append((instance, clean))
    series = series_by_ids(by_series)
    for series_id, found in by_series.items():
        _record(delivery, subject, series[series_id], policy, found)
    _keep_quality(delivery, [file for file, _ in passed], series)


def _record(
    delivery: Delivery, subject: Subject, series: Series, policy: Policy, found: Sequence[tuple[Instance, Clean]]
) -> None:
    digests = {
        instance.pk: instance.source_digest if clean.content is None else manifest.digest(clean.content)
        for instance, clean in found
    }
    lines = [
        manifest.manifest_line(i.sop_instance_uid, i.source_digest, digests[i.pk], clean.manifest) for i, clean in found
    ]
    content = manifest.manifest_bytes(policy.name, policy.digest, ENGINE_VERSION, lines)
    vault = manifest.vault_bytes((i.sop_instance_uid, clean.vault) for i, clean in found)
    manifest_blob, vault_blob = blobs_write(subject.key, [content, vault])
    Admission.objects.create(
        delivery=delivery,
        subject=subject,
        series=series,
        policy=policy.name[:60],
        policy_digest=policy.digest,
        instance_count=len(found),
        manifest_blob=manifest_blob,
        vault_blob=vault_blob,
    )


def _keep_quality(delivery: Delivery, files: Sequence[IncomingFile], series: dict[uuid.UUID, Series]) -> None:
    digests = {file.series_id: file.series_digest for file in files if file.series_id}
    for series_id, digest in digests.items():
        findings = findings_of(delivery.pk, digest)
        if series_id in series:
            admission.series_quality_set(series=series[series_id], report={"findings": findings})


def _still_checked(outcomes: Sequence[Outcome]) -> set[uuid.UUID]:
    """Another run of the job may have settled some of them meanwhile."""
    rows = IncomingFile.objects.select_for_update().filter(
        pk__in=[outcome.file.pk for outcome in outcomes], state=FileState.CHECKED
    )
    return set(rows.values_list("pk", flat=True))


def _blob(file: IncomingFile) -> Any:
    return file.blob
