"""Build a version: take in what is settled, write the manifest, keep it under its digest."""

from __future__ import annotations

import uuid

from django.db import transaction

from apps.annotations.selectors import segmentation_digests
from apps.audit.services import event_record
from apps.datasets.domain import manifest as m
from apps.datasets.domain.splits import side_for
from apps.datasets.errors import NothingSettledError
from apps.datasets.models import Dataset, DatasetVersion, Member, Split
from apps.projects.domain.definitions import schema_as_json
from apps.projects.selectors import definition_digests, label_schema_of, projects_by_id
from apps.review.selectors import ReferenceCase, reference_cases_of
from apps.studies.services.contents import SeriesContent, series_contents_of
from kernel.actors import Actor
from kernel.jobs.runner import JobContext

_CHUNK = 200


def version_build(
    *, actor: Actor, context: JobContext, dataset_id: uuid.UUID, made_by: uuid.UUID | None
) -> DatasetVersion:
    """The version of everything settled now; the newest version again when nothing changed since.

    Raises `NothingSettledError`.
    """
    dataset = Dataset.objects.get(pk=dataset_id)
    cases = sorted(reference_cases_of(dataset.project_id), key=lambda c: c.label)
    if not cases:
        raise NothingSettledError()
    sides = _pinned_sides(dataset, cases)
    members: list[m.MemberEntry] = []
    for start in range(0, len(cases), _CHUNK):
        members += _entries(cases[start : start + _CHUNK], sides)
        context.progress(len(members), len(cases), unit="cases", message="Writing the manifest")
    return _keep(actor, dataset, cases, _manifest(dataset, cases, members), sides, made_by)


def _pinned_sides(dataset: Dataset, cases: list[ReferenceCase]) -> dict[uuid.UUID, str]:
    sides = dict(Split.objects.filter(dataset=dataset).values_list("subject_id", "side"))
    fresh = {c.subject_id: c.subject for c in cases if c.subject_id not in sides}
    rows = [
        Split(dataset=dataset, subject_id=subject_id, side=side_for(str(dataset.pk), pseudonym))
        for subject_id, pseudonym in fresh.items()
    ]
    Split.objects.bulk_create(rows, ignore_conflicts=True)
    return sides | {row.subject_id: row.side for row in rows}


def _entries(cases: list[ReferenceCase], sides: dict[uuid.UUID, str]) -> list[m.MemberEntry]:
    contents = series_contents_of([c.study_id for c in cases])
    labels = segmentation_digests([c.read_id for c in cases])
    return [_entry(case, contents.get(case.study_id, []), labels.get(case.read_id, {}), sides) for case in cases]


def _entry(
    case: ReferenceCase,
    contents: list[SeriesContent],
    labels: dict[str, tuple[int, str]],
    sides: dict[uuid.UUID, str],
) -> m.MemberEntry:
    series = tuple(
        m.SeriesEntry(
            series_instance_uid=content.series_instance_uid,
            modality=content.modality,
            instances=tuple(m.InstanceEntry(uid, digest) for uid, digest in sorted(content.instances)),
            label_revision=labels.get(content.series_instance_uid, (0, ""))[0],
            label_digest=labels.get(content.series_instance_uid, (0, ""))[1],
        )
        for content in sorted(contents, key=lambda c: c.series_instance_uid)
    )
    return m.MemberEntry(
        case=case.label,
        subject=case.subject,
        split=sides[case.subject_id],
        study_instance_uid=case.study_instance_uid,
        series=series,
        reference=case.how,
        reference_read=str(case.read_id),
        readers=case.readers,
        settled_at=case.settled_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        nothing_found=case.nothing_found,
    )


def _manifest(dataset: Dataset, cases: list[ReferenceCase], members: list[m.MemberEntry]) -> m.Manifest:
    project = projects_by_id([dataset.project_id])[dataset.project_id]
    schema_version = max(c.schema_version for c in cases)
    _, schema = label_schema_of(project.pk, schema_version)
    schema_digest, charter_digest = definition_digests(
        project.pk, schema_version, max(c.charter_version for c in cases)
    )
    return m.Manifest(
        project=project.slug,
        dataset=dataset.slug,
        label_schema_version=schema_version,
        label_schema_digest=schema_digest,
        charter_digest=charter_digest,
        deidentification_policy=project.deidentification_policy,
        terminology_edition=project.terminology_edition,
        classes=tuple(schema_as_json(schema)["classes"]),
        members=tuple(members),
    )


@transaction.atomic
def _keep(
    actor: Actor,
    dataset: Dataset,
    cases: list[ReferenceCase],
    manifest: m.Manifest,
    sides: dict[uuid.UUID, str],
    made_by: uuid.UUID | None,
) -> DatasetVersion:
    locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
    parent = DatasetVersion.objects.filter(dataset=locked).order_by("-created_at").first()
    known = DatasetVersion.objects.filter(dataset=locked, digest=manifest.digest).first()
    if known is not None:
        return known
    version = DatasetVersion.objects.create(
        dataset=locked,
        digest=manifest.digest,
        manifest=manifest.canonical_bytes(),
        parent=parent,
        message=locked.next_message,
        made_by=made_by,
        member_count=len(cases),
        subject_count=len({c.subject_id for c in cases}),
    )
    leaves = {entry.case: entry.leaf for entry in manifest.members}
    Member.objects.bulk_create(
        [
            Member(
                version=version,
                case_id=case.case_id,
                subject_id=case.subject_id,
                case_label=case.label,
                side=sides[case.subject_id],
                leaf_hash=leaves[case.label],
            )
            for case in cases
        ],
        batch_size=1000,
    )
    Dataset.objects.filter(pk=locked.pk).update(next_message="")
    event_record(
        actor=actor,
        action="datasets.version.created",
        object_kind="dataset_version",
        object_id=version.pk,
        object_label=f"{locked.slug}@{version.digest[:12]}",
        digest_before=parent.digest if parent else "",
        digest_after=version.digest,
        details={"members": len(cases)},
    )
    return version
