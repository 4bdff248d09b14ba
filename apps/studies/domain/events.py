"""What higher rooms are told, inside the transaction in which it happened."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class StudyAdmitted:
    """A study came out of quarantine, or grew: its instances can be read now."""

    study_id: uuid.UUID
    project_id: uuid.UUID


@dataclass(frozen=True)
class SubjectErased:
    """A subject's secret was destroyed: what was derived from their data is to be listed and removed."""

    subject_id: uuid.UUID
    project_id: uuid.UUID
