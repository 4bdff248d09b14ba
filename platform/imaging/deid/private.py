"""Which private elements may stay: PS3.15 Table E.3.10-1 and the knowledge base, numbers and codes only."""

from __future__ import annotations

import csv
import re
import struct
from functools import cache

from imaging.deid.dictionary import DATA

# The base set (PS3.15 E.3.10-1), as far as its elements are numbers or codes: creator, group, element, VR.
_BASE: tuple[tuple[str, int, int, str], ...] = (
    ("Philips PET Private Group", 0x7053, 0x00, "DS"),
    ("Philips PET Private Group", 0x7053, 0x09, "DS"),
    ("ELSCINT1", 0x00E1, 0x21, "DS"),
    ("ELSCINT1", 0x00E1, 0x50, "DS"),
    ("ELSCINT1", 0x01E1, 0x26, "CS"),
    ("ELSCINT1", 0x01F1, 0x01, "CS"),
    ("ELSCINT1", 0x01F1, 0x07, "DS"),
    ("ELSCINT1", 0x01F1, 0x26, "DS"),
    ("ELSCINT1", 0x01F1, 0x27, "DS"),
    ("GEMS_ACQU_01", 0x0019, 0x23, "DS"),
    ("GEMS_ACQU_01", 0x0019, 0x24, "DS"),
    ("GEMS_ACQU_01", 0x0019, 0x27, "DS"),
    ("GEMS_SERS_01", 0x0025, 0x07, "SL"),
    ("GEMS_PARM_01", 0x0043, 0x39, "IS"),
    ("GEMS_PARM_01", 0x0043, 0x6F, "DS"),
    ("GEMS_HELIOS_01", 0x0045, 0x01, "SS"),
    ("GEMS_HELIOS_01", 0x0045, 0x02, "FL"),
    ("GEIIS PACS", 0x0903, 0x10, "US"),
    ("GEIIS PACS", 0x0903, 0x11, "US"),
    ("GEIIS PACS", 0x0903, 0x12, "US"),
    ("Philips Imaging DD 001", 0x2001, 0x03, "FL"),
    ("Philips Imaging DD 001", 0x2001, 0x04, "CS"),
    ("Philips MR Imaging DD 001", 0x2005, 0x0D, "FL"),
    ("Philips MR Imaging DD 001", 0x2005, 0x0E, "FL"),
    ("SIEMENS MR HEADER", 0x0019, 0x0C, "IS"),
    ("SIEMENS MR HEADER", 0x0019, 0x0D, "CS"),
    ("SIEMENS MR HEADER", 0x0019, 0x0E, "FD"),
    ("SIEMENS MR HEADER", 0x0019, 0x27, "FD"),
)
_STRUCTS = {"FL": "f", "FD": "d", "SL": "i", "SS": "h", "UL": "I", "US": "H"}
_NUMBERS = re.compile(rb"[0-9+\-.eE \\]*\0?")
_CODE = re.compile(rb"[A-Z0-9_ \\]*\0?")
_LONG_DIGITS = re.compile(rb"\d{8,}")


@cache
def _kept() -> dict[tuple[str, int, int], frozenset[str]]:
    kept: dict[tuple[str, int, int], set[str]] = {}
    for creator, group, element, vr in _BASE:
        kept.setdefault((creator.upper(), group, element), set()).add(vr)
    with (DATA / "private_keep.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            key = (row["creator"].upper(), int(row["group"], 16), int(row["element"], 16))
            kept.setdefault(key, set()).update(row["vr"].split("|"))
    return {key: frozenset(vrs) for key, vrs in kept.items()}


def safe_vr(creator: str, tag: int, vr: str | None) -> str | None:
    """The VR under which a private element may stay, or None where it may not.

    `vr` is what the file says; None or UN (implicit VR) is settled only where the tables know a single VR.
    """
    known = _kept().get((creator.strip("\0 ").upper(), tag >> 16, tag & 0xFF))
    if not known:
        return None
    if vr in known:
        return vr
    if vr in {None, "UN"} and len(known) == 1:
        return next(iter(known))
    return None


def is_plain(value: bytes, vr: str) -> bool:
    """Whether the bytes are what a number or code VR may hold, and nothing that reads like a record number or date."""
    if vr in _STRUCTS:
        return len(value) % struct.calcsize(_STRUCTS[vr]) == 0
    if vr in {"DS", "IS"}:
        limit = 16 if vr == "DS" else 12
        fits = all(len(part.strip()) <= limit for part in value.split(b"\\"))
        return fits and bool(_NUMBERS.fullmatch(value)) and not _LONG_DIGITS.search(value.split(b".")[0])
    if vr == "CS":
        fits = all(len(part.strip(b"\0 ")) <= 16 for part in value.split(b"\\"))
        return fits and bool(_CODE.fullmatch(value)) and not _LONG_DIGITS.search(value)
    return False
