"""Coded concepts that may be recorded: whole, and with a check digit that fits."""

from __future__ import annotations

from imaging.concept import CodedConcept
from imaging.errors import InputError
from imaging.terminology.sctid import check_sctid

__all__ = ["BILATERAL", "LEFT", "RIGHT", "CodedConcept", "checked_concept"]

LEFT = CodedConcept("7771000", "SCT", "Left")
RIGHT = CodedConcept("24028007", "SCT", "Right")
BILATERAL = CodedConcept("51440002", "SCT", "Right and left")


def checked_concept(value: str, scheme_designator: str, meaning: str) -> CodedConcept:
    """The concept of a code that somebody gives.

    Raises `InputError` ("code-invalid") for empty parts, and for a SNOMED CT value ("sctid-check-digit") whose check
    digit does not fit: the message names the near miss.
    """
    if not (value and scheme_designator and meaning):
        raise InputError(
            "A coded concept needs value, scheme and meaning", remedy="Give all three.", code="code-invalid"
        )
    if scheme_designator == "SCT":
        _refuse_broken_sctid(value)
    return CodedConcept(value, scheme_designator, meaning)


def _refuse_broken_sctid(value: str) -> None:
    check = check_sctid(value)
    if check.valid:
        return
    hint = f"The nearest valid identifier is {check.near_miss}." if check.near_miss else "Look the concept up again."
    raise InputError(
        f"{value} is not a SNOMED CT concept identifier: {check.reason}", remedy=hint, code="sctid-check-digit"
    )
