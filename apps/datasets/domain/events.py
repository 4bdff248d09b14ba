"""What this room tells higher ones."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class ReleasePublished:
    """A release was signed and opened."""

    release_id: uuid.UUID
    project_id: uuid.UUID
