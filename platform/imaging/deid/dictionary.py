"""The engine's own attribute dictionary: pydicom's, and the attributes of edition 2025b which pydicom does not know.

Without a VR such an attribute arrives as UN in implicit VR and would escape a table-driven engine.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VR, tag_for_keyword

DATA = Path(__file__).parent / "data"

TEXT_VRS = frozenset({"LO", "LT", "SH", "ST", "UC", "UT"})
LONG_TEXT_VRS = frozenset({"LT", "ST", "UT"})
DATE_VRS = frozenset({"DA", "DT", "TM"})
STRING_NUMBER_VRS = frozenset({"DS", "IS"})
BINARY_NUMBER_VRS = frozenset({"AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})
# UIDs of classes, syntaxes and coding schemes name kinds, not things.
CLASS_UID = re.compile(
    r"SOPClass|TransferSyntaxUID|CodingSchemeUID|ContextUID|MappingResourceUID|ImplementationClassUID"
)
BYTE_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})


@cache
def _added() -> dict[int, tuple[str, str]]:
    with (DATA / "attributes.csv").open(encoding="utf-8", newline="") as handle:
        return {
            int(row["tag"][1:5] + row["tag"][6:10], 16): (row["keyword"], row["vr"].split(" ")[0])
            for row in csv.DictReader(handle)
            if "X" not in row["tag"].upper().replace("0X", "")
        }


@cache
def _added_keywords() -> dict[str, int]:
    return {keyword: tag for tag, (keyword, _) in _added().items()}


@cache
def vr_of(tag: int) -> str | None:
    """The VR of a public attribute as the standard gives it ("US or SS" stays as it is); None where unknown."""
    if dictionary_has_tag(tag):
        return dictionary_VR(tag)
    added = _added().get(tag)
    return added[1] if added else None


@cache
def keyword_of(tag: int) -> str:
    """The keyword of a public attribute, or "" where it is unknown or private."""
    if dictionary_has_tag(tag):
        return dictionary_keyword(tag)
    added = _added().get(tag)
    return added[0] if added else ""


def tag_of(keyword: str) -> int | None:
    """The tag of a keyword, the added attributes included."""
    tag = tag_for_keyword(keyword)
    return int(tag) if tag is not None else _added_keywords().get(keyword)


def format_tag(tag: int) -> str:
    """`(gggg,eeee)`, upper case, as the standard prints it."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def parse_tag(text: str) -> int | None:
    """`(gggg,eeee)` or a keyword to a tag; None where it is neither."""
    stripped = text.strip()
    if stripped.startswith("(") and stripped.endswith(")"):
        group, _, element = stripped[1:-1].partition(",")
        try:
            return int(group, 16) << 16 | int(element, 16)
        except ValueError:
            return None
    return tag_of(stripped)
