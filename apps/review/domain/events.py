"""What higher rooms are told, inside the transaction in which it happened."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class CaseSettled:
    """A case has a reference standard."""

    case_id: uuid.UUID
    project_id: uuid.UUID


@dataclass(frozen=True)
class CaseReturned:
    """A reviewer returned a settled case: its reference standard does not stand any more."""

    case_id: uuid.UUID
    project_id: uuid.UUID
