"""Reference standards, for the rooms that make datasets of them."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from apps.annotations.selectors import answers_of_reads
from apps.review.models import ReferenceStandard
from apps.studies.constants import SubjectState
from apps.studies.selectors import studies_by_id


@dataclass(frozen=True)
class ReferenceCase:
    """A settled case: which study, which read stands for it, and how it came to. `subject` is the pseudonym."""

    case_id: uuid.UUID
    label: str
    study_id: uuid.UUID
    study_instance_uid: str
    subject_id: uuid.UUID
    subject: str
    read_id: uuid.UUID
    how: str
    readers: int
    settled_at: dt.datetime
    nothing_found: bool
    schema_version: int
    charter_version: int


def reference_cases_of(project_id: uuid.UUID) -> list[ReferenceCase]:
    """The settled cases of a project in the order of their numbers; erased subjects are left out.

    Four queries and what opening the answers takes. The caller has opened the door to the project.
    """
    rows = list(
        ReferenceStandard.objects.filter(project_id=project_id, withdrawn_at__isnull=True)
        .select_related("case", "read")
        .order_by("case__number")
    )
    studies = studies_by_id({row.case.study_id for row in rows})
    rows = [row for row in rows if studies[row.case.study_id].subject.state == SubjectState.ACTIVE]
    answers = answers_of_reads([row.read_id for row in rows])
    return [
        ReferenceCase(
            case_id=row.case_id,
            label=row.case.label,
            study_id=row.case.study_id,
            study_instance_uid=studies[row.case.study_id].study_instance_uid,
            subject_id=studies[row.case.study_id].subject_id,
            subject=studies[row.case.study_id].subject.pseudonym,
            read_id=row.read_id,
            how=row.how,
            readers=row.readers,
            settled_at=row.settled_at,
            nothing_found=answers[row.read_id].nothing_found,
            schema_version=row.read.schema_version,
            charter_version=row.read.charter_version,
        )
        for row in rows
    ]


reference_standards_for = reference_cases_of
