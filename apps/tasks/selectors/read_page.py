"""What a reader's page gets of their read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.annotations.selectors import answers_of, heads_of
from apps.projects.domain.definitions import CharterDefinition, SchemaDefinition, schema_as_json
from apps.projects.selectors import charter_of, label_schema_of, projects_by_id
from apps.studies.selectors import quality_summary, series_of_studies, studies_by_id
from apps.tasks.models import Read
from apps.tasks.selectors.doors import assignment_of, case_total

Briefing = Callable[[Read], dict[str, Any]]

_briefings: dict[str, Briefing] = {}


def register_briefing(stage_kind: str, briefing: Briefing) -> None:
    """What a room above adds to the reads of a kind of stage; from the `ready` of an app.

    The one opening through which anything about other reads reaches a reader: only the adjudication has one.
    """
    _briefings[stage_kind] = briefing


def read_page(read: Read, *, prefix: str) -> dict[str, Any]:
    """The page of a read whose door is open. `prefix` is the tenant's part of the address.

    Nothing in it depends on another read of the case, but for stages with a registered briefing.
    """
    case = read.case
    project = projects_by_id([case.project_id])[case.project_id]
    study = studies_by_id([case.study_id])[case.study_id]
    _, schema = label_schema_of(case.project_id, read.schema_version)
    _, charter = charter_of(case.project_id, read.charter_version)
    assignment = assignment_of(read)
    briefing = _briefings.get(read.kind)
    answers = answers_of(read.pk)
    return {
        "id": read.pk,
        "state": read.state,
        "stage": {"key": read.stage_key, "kind": read.kind},
        "task_sentence": charter.task_sentence,
        "project": {"slug": project.slug, "name": project.name, "colour": project.colour},
        "case": {"id": case.pk, "label": case.label, "number": case.number, "total": case_total(case.project_id)},
        "label_schema": _schema(read, schema),
        "charter": _charter(read, charter),
        "dicomweb_root": f"{prefix}/dicomweb/v1/projects/{project.slug}",
        "study_instance_uid": study.study_instance_uid,
        "series": [_series(row) for row in series_of_studies([study.pk])[study.pk]],
        "segmentations": [
            {
                "series_instance_uid": head.series_instance_uid,
                "head_revision": head.head_revision,
                "saved_at": head.saved_at,
            }
            for head in heads_of([read.pk])[read.pk]
        ],
        "answers": {"revision": answers.revision, "values": answers.values, "nothing_found": answers.nothing_found},
        "active_reading_s": round(read.active_s),
        "lease_until": assignment.lease_until if assignment else None,
        "adjudication": briefing(read) if briefing else None,
    }


def _schema(read: Read, schema: SchemaDefinition) -> dict[str, Any]:
    return {"version": read.schema_version, **schema_as_json(schema)}


def _charter(read: Read, charter: CharterDefinition) -> dict[str, Any]:
    # The rationale is asked of whoever settles, not of a reader.
    return {
        "version": read.charter_version,
        "rationale_required": charter.rationale_required and read.kind == "adjudicate",
    }


def _series(row: Any) -> dict[str, Any]:
    return {
        "series_instance_uid": row.series_instance_uid,
        "modality": row.modality,
        "description": row.description,
        "number": row.number,
        "instance_count": row.instance_count,
        "rows": row.rows,
        "columns": row.columns,
        "quality": {"worst": quality_summary([row.quality])["worst"]},
    }
