"""The coded concept: the one shape in which a code travels through the engine."""

from __future__ import annotations

from typing import NamedTuple


class CodedConcept(NamedTuple):
    """A code as DICOM's Code Sequence Macro carries it (PS3.3 8.8).

    What a file says is taken as it stands; `imaging.terminology.checked_concept` refuses what cannot be a code.
    """

    value: str
    scheme_designator: str
    meaning: str

    def is_same_code(self, other: CodedConcept) -> bool:
        """Whether both mean the same: value and scheme decide, the meaning is for people (PS3.3 8.2, 8.3)."""
        return (self.value, self.scheme_designator) == (other.value, other.scheme_designator)

    def as_json(self) -> dict[str, str]:
        """value, scheme_designator, meaning."""
        return self._asdict()
