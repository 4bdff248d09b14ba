"""What a room above hands down when it has opened a door: the read, and the stack it may be drawn on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from apps.projects.domain.definitions import SchemaDefinition


@dataclass(frozen=True)
class ReadHandle:
    """An opened read. Whoever made it has checked that the actor may hold it, and holds the read's row while writing.

    `subject_key_id` names the secret that seals what is drawn; `writable` says that the read is a draft in hand.
    """

    read_id: uuid.UUID
    project_id: uuid.UUID
    case_id: uuid.UUID
    study_id: uuid.UUID
    subject_key_id: uuid.UUID
    subject_pseudonym: str
    schema: SchemaDefinition
    writable: bool


@dataclass(frozen=True)
class SeriesStack:
    """A series as it is drawn on: its slices sorted along the normal.

    `sop_instance_uids` has one entry per slice (frames of one multi-frame instance repeat its UID);
    `spacing_mm` is along slice, row, column.
    """

    series_instance_uid: str
    rows: int
    columns: int
    sop_instance_uids: tuple[str, ...] = field(repr=False)
    spacing_mm: tuple[float, float, float]

    def as_json(self) -> dict[str, Any]:
        """The plain form `from_json` takes."""
        return {
            "rows": self.rows,
            "columns": self.columns,
            "sop_instance_uids": list(self.sop_instance_uids),
            "spacing_mm": list(self.spacing_mm),
        }

    @classmethod
    def from_json(cls, series_instance_uid: str, data: dict[str, Any]) -> SeriesStack:
        """What `as_json` wrote."""
        along_slice, along_row, along_column = data["spacing_mm"]
        return cls(
            series_instance_uid,
            data["rows"],
            data["columns"],
            tuple(data["sop_instance_uids"]),
            (along_slice, along_row, along_column),
        )

    @property
    def size(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return len(self.sop_instance_uids), self.rows, self.columns
