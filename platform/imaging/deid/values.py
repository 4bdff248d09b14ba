"""Dummies and checks by value representation. Source: PS3.5 6.2."""

from __future__ import annotations

import re
from typing import Any

from pydicom.dataset import Dataset

# VR -> the dummy for attributes that must have a value. Short enough for each VR, and saying what it is.
_DUMMIES: dict[str, Any] = {
    "AE": "REMOVED",
    "AS": "000Y",
    "AT": 0,
    "CS": "REMOVED",
    "DA": "19000101",
    "DS": "0",
    "DT": "19000101000000",
    "FD": 0.0,
    "FL": 0.0,
    "IS": "0",
    "LO": "REMOVED",
    "LT": "REMOVED",
    "PN": "REMOVED",
    "SH": "REMOVED",
    "SL": 0,
    "SS": 0,
    "ST": "REMOVED",
    "SV": 0,
    "TM": "000000",
    "UC": "REMOVED",
    "UL": 0,
    "UR": "urn:removed",
    "US": 0,
    "UT": "REMOVED",
    "UV": 0,
}
_CODE_SEQUENCE = re.compile(r"Code(Sequence|)$|CodeSequence$")
_CS = re.compile(rb"[A-Z0-9_ ]{0,16}")
_NUMBER = re.compile(rb"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*|\s*")


def dummy_value(vr: str, keyword: str) -> Any:
    """A valid dummy for an attribute that must keep a value; a sequence gets one item."""
    if vr == "SQ":
        return [removed_code()] if _CODE_SEQUENCE.search(keyword) else [Dataset()]
    return _DUMMIES.get(vr, b"\0\0")


def removed_code() -> Dataset:
    """A code that says that a code was here."""
    item = Dataset()
    item.CodeValue = "REMOVED"
    item.CodingSchemeDesignator = "99FIDUCIAL"
    item.CodeMeaning = "Removed by de-identification"
    return item


def raw_is_number(value: bytes, vr: str) -> bool:
    """Whether the bytes of a DS or IS are numbers of the allowed length."""
    limit = 16 if vr == "DS" else 12
    parts = value.rstrip(b"\0").split(b"\\")
    return all(_NUMBER.fullmatch(part) and len(part.strip()) <= limit + 8 for part in parts)


def raw_is_code(value: bytes) -> bool:
    """Whether the bytes of a CS are codes: capitals, digits, underscore, space, at most 16 characters."""
    return all(_CS.fullmatch(part.strip(b" \0")) for part in value.split(b"\\"))


def looks_like_text(value: bytes) -> bool:
    """Whether bytes that should be binary read as a text of at least six characters."""
    plain = value.rstrip(b"\0 ")
    if not 6 <= len(plain) <= 65536:
        return False
    return all(32 <= byte < 127 or byte in (9, 10, 13) for byte in plain)
