"""What higher rooms are told, inside the transaction in which it happened."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class DefinitionsVersioned:
    """The project has a new version of its label schema or its charter."""

    project_id: uuid.UUID
