"""Which modality a SOP class stands for (PS3.4 annex B, PS3.3 annex A)."""

from __future__ import annotations

_BASE = "1.2.840.10008.5.1.4.1.1."
SINGLE_FRAME_CLASS = {
    "CR": _BASE + "1",
    "CT": _BASE + "2",
    "MR": _BASE + "4",
    "NM": _BASE + "20",
    "PT": _BASE + "128",
    "RTDOSE": _BASE + "481.2",
    "RTSTRUCT": _BASE + "481.3",
    "US": _BASE + "6.1",
}
CLASS_MODALITIES: dict[str, frozenset[str]] = {
    _BASE + "1": frozenset({"CR"}),
    _BASE + "1.1": frozenset({"DX"}),
    _BASE + "1.1.1": frozenset({"DX"}),
    _BASE + "1.2": frozenset({"MG"}),
    _BASE + "1.2.1": frozenset({"MG"}),
    _BASE + "2": frozenset({"CT"}),
    _BASE + "2.1": frozenset({"CT"}),
    _BASE + "2.2": frozenset({"CT"}),
    _BASE + "3.1": frozenset({"US"}),
    _BASE + "6.1": frozenset({"US"}),
    _BASE + "6.2": frozenset({"US"}),
    _BASE + "4": frozenset({"MR"}),
    _BASE + "4.1": frozenset({"MR"}),
    _BASE + "4.2": frozenset({"MR"}),
    _BASE + "4.3": frozenset({"MR"}),
    _BASE + "4.4": frozenset({"MR"}),
    _BASE + "12.1": frozenset({"XA"}),
    _BASE + "12.2": frozenset({"RF"}),
    _BASE + "13.1.3": frozenset({"MG"}),
    _BASE + "20": frozenset({"NM"}),
    _BASE + "66.4": frozenset({"SEG"}),
    _BASE + "66.7": frozenset({"SEG"}),
    _BASE + "77.1.6": frozenset({"SM"}),
    _BASE + "128": frozenset({"PT"}),
    _BASE + "128.1": frozenset({"PT"}),
    _BASE + "130": frozenset({"PT"}),
    _BASE + "481.1": frozenset({"RTIMAGE"}),
    _BASE + "481.2": frozenset({"RTDOSE"}),
    _BASE + "481.3": frozenset({"RTSTRUCT"}),
    _BASE + "481.5": frozenset({"RTPLAN"}),
}
PLANAR_MODALITIES = frozenset({"CT", "MR", "PT"})
"""Modalities whose single-frame images must say where they lie."""
TEXT_PRONE = frozenset({"US", "SC", "OT", "CR", "DX", "XA", "RF", "MG", "ES", "XC", "GM", "OP", "RG"})
"""Modalities whose images often carry text."""
