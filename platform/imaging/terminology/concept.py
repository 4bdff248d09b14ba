"""A code with its scheme and meaning, as PS3.3 8.8 has it."""

from __future__ import annotations

from dataclasses import dataclass

from imaging.errors import InputError
from imaging.terminology.sctid import check_sctid


@dataclass(frozen=True)
class CodedConcept:
    """`(value, scheme_designator, meaning)`; equal where value and scheme are.

    Raises `InputError` ("code-invalid") for empty parts, and for a SNOMED CT value ("sctid-check-digit") whose check
    digit does not fit: the message names the near miss.
    """

    value: str
    scheme_designator: str
    meaning: str

    def __post_init__(self) -> None:
        if not (self.value and self.scheme_designator and self.meaning):
            raise InputError(
                "A coded concept needs value, scheme and meaning", remedy="Give all three.", code="code-invalid"
            )
        if self.scheme_designator == "SCT":
            _refuse_broken_sctid(self.value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CodedConcept):
            return NotImplemented
        return (self.value, self.scheme_designator) == (other.value, other.scheme_designator)

    def __hash__(self) -> int:
        return hash((self.value, self.scheme_designator))

    def as_json(self) -> dict[str, str]:
        """value, scheme_designator, meaning."""
        return {"value": self.value, "scheme_designator": self.scheme_designator, "meaning": self.meaning}


def _refuse_broken_sctid(value: str) -> None:
    check = check_sctid(value)
    if check.valid:
        return
    hint = f"The nearest valid identifier is {check.near_miss}." if check.near_miss else "Look the concept up again."
    raise InputError(
        f"{value} is not a SNOMED CT concept identifier: {check.reason}", remedy=hint, code="sctid-check-digit"
    )


LEFT = CodedConcept("7771000", "SCT", "Left")
RIGHT = CodedConcept("24028007", "SCT", "Right")
BILATERAL = CodedConcept("51440002", "SCT", "Right and left")
