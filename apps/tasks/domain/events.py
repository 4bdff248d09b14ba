"""What higher rooms are told, inside the transaction in which it happened."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class ReadSigned:
    """A reader signed. `stage_complete`: every read that the stage wants is signed now."""

    read_id: uuid.UUID
    case_id: uuid.UUID
    project_id: uuid.UUID
    stage_kind: str
    stage_complete: bool


@dataclass(frozen=True)
class CaseOpened:
    """A case was made for a study and can be read."""

    case_id: uuid.UUID
    project_id: uuid.UUID
