"""Instances leave quarantine: files, rows and metadata of a batch of one subject, in one transaction."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import transaction
from django.db.models import Count

from apps.audit.services import events_record
from apps.studies.domain.description import InstanceDescription
from apps.studies.domain.events import StudyAdmitted
from apps.studies.domain.metadata import SERIES_TAGS, STUDY_TAGS, first_value, picked
from apps.studies.models import Instance, Series, Study, Subject
from kernel.actors import Actor
from kernel.blobs.models import Blob
from kernel.blobs.services import blobs_hand_over, blobs_write
from kernel.events import publish


@dataclass(frozen=True)
class Admission:
    """One de-identified file. `content` is None where nothing had to change: then the received file is the instance."""

    description: InstanceDescription
    content: bytes | None
    source_blob: Blob
    source_digest: str


@transaction.atomic
def instances_admit(*, actor: Actor, subject: Subject, admissions: Sequence[Admission]) -> list[Instance]:
    """Store a batch of one subject's instances, in order. Repeating it, or parts of it, changes nothing.

    The received files are handed over to the subject's key. A constant number of queries for each study and series.
    """
    sources = blobs_hand_over([a.source_blob for a in admissions], subject.key)
    written = iter(blobs_write(subject.key, [a.content for a in admissions if a.content is not None]))
    blobs = [source if a.content is None else next(written) for a, source in zip(admissions, sources, strict=True)]
    studies = _studies(subject, admissions)
    series = _series(studies, admissions)
    lines = [orjson.dumps(a.description.attributes) + b"\n" for a in admissions]
    (metadata_blob,) = blobs_write(subject.key, [b"".join(lines)])
    rows, offset = [], 0
    for a, source, blob, line in zip(admissions, sources, blobs, lines, strict=True):
        row = _row(a, series[(a.description.study_instance_uid, a.description.series_instance_uid)], blob, source)
        row.metadata_blob, row.metadata_offset, row.metadata_length = metadata_blob, offset, len(line) - 1
        offset += len(line)
        rows.append(row)
    Instance.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    _count(list(studies.values()), list(series.values()))
    _tell(actor, subject, series, admissions)
    for study in studies.values():
        publish(StudyAdmitted(study_id=study.pk, project_id=study.project_id))
    return _stored(rows)


def series_quality_set(*, series: Series, report: dict[str, Any]) -> None:
    """Keep the quality report of a series; the last one stands."""
    Series.objects.filter(pk=series.pk).update(quality=report)


def _studies(subject: Subject, admissions: Sequence[Admission]) -> dict[str, Study]:
    first: dict[str, InstanceDescription] = {}
    for a in admissions:
        first.setdefault(a.description.study_instance_uid, a.description)
    fresh = [
        Study(
            project_id=subject.project_id,
            subject=subject,
            study_instance_uid=uid,
            study_date=first_value(d.attributes, "00080020")[:8],
            description=first_value(d.attributes, "00081030")[:200],
            attributes=picked(d.attributes, STUDY_TAGS),
        )
        for uid, d in first.items()
    ]
    Study.objects.bulk_create(fresh, ignore_conflicts=True)
    rows = Study.objects.select_for_update().filter(project_id=subject.project_id, study_instance_uid__in=list(first))
    return {row.study_instance_uid: row for row in rows.order_by("pk")}


def _series(studies: dict[str, Study], admissions: Sequence[Admission]) -> dict[tuple[str, str], Series]:
    first: dict[tuple[str, str], InstanceDescription] = {}
    for a in admissions:
        first.setdefault((a.description.study_instance_uid, a.description.series_instance_uid), a.description)
    fresh = [
        Series(
            study=studies[study_uid],
            series_instance_uid=series_uid,
            modality=d.modality[:16],
            number=_integer(first_value(d.attributes, "00200011")),
            description=first_value(d.attributes, "0008103E")[:200],
            rows=d.rows,
            columns=d.columns,
            spacing_mm=list(d.spacing_mm) if d.spacing_mm else None,
            attributes=picked(d.attributes, SERIES_TAGS),
        )
        for (study_uid, series_uid), d in first.items()
    ]
    Series.objects.bulk_create(fresh, ignore_conflicts=True)
    by_id = {study.pk: uid for uid, study in studies.items()}
    rows = Series.objects.filter(study__in=studies.values(), series_instance_uid__in=[uid for _, uid in first])
    return {(by_id[row.study_id], row.series_instance_uid): row for row in rows}


def _row(a: Admission, series: Series, blob: Blob, source: Blob) -> Instance:
    d = a.description
    return Instance(
        series=series,
        sop_class_uid=d.sop_class_uid,
        sop_instance_uid=d.sop_instance_uid,
        transfer_syntax_uid=d.transfer_syntax_uid,
        number=d.number,
        rows=d.rows,
        columns=d.columns,
        frames=d.frames,
        bits_allocated=d.bits_allocated,
        blob=blob,
        source_blob=source,
        source_digest=a.source_digest,
        frame_table=d.frame_table,
    )


def _count(studies: list[Study], series: list[Series]) -> None:
    counted = Series.objects.filter(study__in=studies).annotate(n=Count("instances"))
    totals: dict[uuid.UUID, list[Series]] = defaultdict(list)
    for row in counted:
        row.instance_count = row.n
        totals[row.study_id].append(row)
    Series.objects.bulk_update([row for rows in totals.values() for row in rows], ["instance_count"])
    for study in studies:
        study.series_count = len(totals[study.pk])
        study.instance_count = sum(row.instance_count for row in totals[study.pk])
        study.modalities = sorted({row.modality for row in totals[study.pk] if row.modality})
    Study.objects.bulk_update(studies, ["series_count", "instance_count", "modalities"])


def _tell(
    actor: Actor, subject: Subject, series: dict[tuple[str, str], Series], admissions: Sequence[Admission]
) -> None:
    digests: dict[tuple[str, str], list[str]] = defaultdict(list)
    for a in admissions:
        digests[(a.description.study_instance_uid, a.description.series_instance_uid)].append(a.source_digest)
    events_record(
        actor=actor,
        rows=[
            {
                "action": "studies.series.admit",
                "object_kind": "series",
                "object_id": series[key].pk,
                "subject_pseudonym": subject.pseudonym,
                "digest_before": hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest(),
                "details": {"instances": len(found)},
            }
            for key, found in digests.items()
        ],
    )


def _stored(rows: list[Instance]) -> list[Instance]:
    found = {
        (row.series_id, row.sop_instance_uid): row
        for row in Instance.objects.filter(
            series__in={row.series_id for row in rows}, sop_instance_uid__in=[row.sop_instance_uid for row in rows]
        )
    }
    return [found[(row.series_id, row.sop_instance_uid)] for row in rows]


def _integer(text: str) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if abs(number) < 2**31 else None
