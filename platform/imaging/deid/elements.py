"""Questions about one element of a dataset that do not depend on a policy's options."""

from __future__ import annotations

from typing import Any

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

from imaging.deid.actions import Action, Rule
from imaging.deid.dictionary import BINARY_NUMBER_VRS, BYTE_VRS, TEXT_VRS

_SINGLE_VALUED = frozenset({"LT", "ST", "UT", "UR"})


def for_stored_vr(rule: Rule, vr: str, standard_vr: str) -> Rule:
    """An attribute stored under another VR than its own is not trusted."""
    if vr == standard_vr or vr in standard_vr.split(" ") or " " in standard_vr and vr in BYTE_VRS:
        return rule
    if vr == "SQ" or standard_vr == "SQ":
        return Rule(Action.REMOVE_EMPTY_OR_DUMMY, "rule") if vr != "SQ" else rule
    if vr in BYTE_VRS and standard_vr in BYTE_VRS or vr in BINARY_NUMBER_VRS and standard_vr in BINARY_NUMBER_VRS:
        return rule
    if {vr, standard_vr} <= {"DS", "IS"}:
        return rule
    if vr in TEXT_VRS and standard_vr in TEXT_VRS | {"CS", "PN", "AE"}:
        return Rule(Action.CLEAN, "rule")
    return Rule(Action.REMOVE_EMPTY_OR_DUMMY, "rule")


def reads_as_sequence(dataset: Dataset, tag: int) -> bool:
    """Whether a private element of unknown VR holds items: its bytes begin with an item tag (PS3.5 7.5)."""
    raw = dataset.get_item(tag)
    if isinstance(raw, RawDataElement):
        value = raw.value or b""
        return value[:4] in {b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00"}
    return raw is not None and raw.VR == "SQ"


def plain_values(raw: DataElement | RawDataElement | None, vr: str) -> list[str] | None:
    """The values of an unread ASCII element, without pydicom's conversion; None where that is needed."""
    if not isinstance(raw, RawDataElement) or raw.value is None:
        return None
    if not raw.value.isascii() or b"\x1b" in raw.value:
        return None
    text = raw.value.decode("ascii")
    if vr in _SINGLE_VALUED:
        return [text.rstrip("\0 ")]
    return [part.strip("\0 ") for part in text.split("\\")]


def as_list(value: Any) -> list[Any]:
    """The values of an element as a list; a text or a person name is one value."""
    if value is None:
        return []
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__") or hasattr(value, "original_string"):
        return [value]
    return list(value)


def bytes_of(element: DataElement | RawDataElement) -> bytes:
    """The value as bytes, for a digest: raw as in the file, else its text in UTF-8."""
    value = element.value
    if isinstance(value, bytes):
        return value
    return b"" if value is None else str(value).encode("utf-8", "surrogateescape")


def kind_of(vr: str, value: bytes) -> str:
    """What the manifest says a value was: `empty`, `text`, `number`, `bytes` or `sequence`."""
    if not value:
        return "empty"
    if vr == "SQ":
        return "sequence"
    if vr in BYTE_VRS:
        return "bytes"
    return "number" if vr in BINARY_NUMBER_VRS or vr in {"DS", "IS"} else "text"


def original_text(element: DataElement | RawDataElement, vr: str, value: bytes) -> str:
    """The original value as the vault keeps it; binary ones as hexadecimal, at most 4 KiB."""
    if vr in BYTE_VRS or vr in BINARY_NUMBER_VRS or vr == "SQ":
        return value[:4096].hex() if isinstance(element.value, bytes) else str(element.value)[:4096]
    return value.decode("utf-8", "backslashreplace")
