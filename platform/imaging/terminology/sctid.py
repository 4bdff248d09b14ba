"""SNOMED CT identifiers: structure and check digit.

Source: SNOMED International, Release File Specification, 6 (SCTID) and 6.6 (Verhoeff's dihedral check).
"""

from __future__ import annotations

from dataclasses import dataclass

_ROTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_CONCEPT_PARTITIONS = ("00", "10")


@dataclass(frozen=True)
class SctidCheck:
    """`reason` is None for a valid concept identifier; `near_miss` is the identifier its digits would have."""

    valid: bool
    reason: str | None
    near_miss: str | None


def verhoeff_digit(digits: str) -> int:
    """Verhoeff's check digit of a string of decimal digits."""
    check = 0
    for place, digit in enumerate(reversed(digits), start=1):
        check = _dihedral(check, _permuted(int(digit), place))
    return next(k for k in range(10) if _dihedral(check, k) == 0)


def check_sctid(value: str) -> SctidCheck:
    """Whether `value` can be a SNOMED CT concept: 6 to 18 digits, a concept partition, the right check digit."""
    if not (value.isascii() and value.isdigit()) or not 6 <= len(value) <= 18 or value.startswith("0"):
        return SctidCheck(False, "not 6 to 18 digits without a leading zero", None)
    near_miss = value[:-1] + str(verhoeff_digit(value[:-1]))
    if value[-3:-1] not in _CONCEPT_PARTITIONS:
        return SctidCheck(False, "the identifier is not one of a concept", None)
    if near_miss != value:
        return SctidCheck(False, "the check digit does not fit", near_miss)
    return SctidCheck(True, None, None)


def _permuted(digit: int, place: int) -> int:
    for _ in range(place % 8):
        digit = _ROTATION[digit]
    return digit


def _dihedral(a: int, b: int) -> int:
    """The product in the dihedral group of the pentagon: 0-4 rotations, 5-9 reflections."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5
