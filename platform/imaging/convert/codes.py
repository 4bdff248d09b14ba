"""What labels mean, as a JSON file beside them: number → label and codes.

    {"segments": [{"number": 1, "label": "Liver", "category": ["123037004", "SCT", "Body structure"],
                   "type": ["10200004", "SCT", "Liver"], "rgb": [221, 130, 101], …}]}

A mapping from number to the same entries is read too. A code is a list of three or an object of value,
scheme_designator, meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from imaging.errors import InputError
from imaging.labelmap import TISSUE, CodedConcept, SegmentDescription, cielab_from_rgb, default_segments

_REMEDY = "Write {'segments': [{'number': 1, 'label': …, 'category': [value, scheme, meaning], 'type': […]}]}."


def segments_from_json(content: Any) -> tuple[SegmentDescription, ...]:
    """Descriptions in ascending order of number. Raises `InputError` for anything that is not such a file."""
    entries = content.get("segments", content) if isinstance(content, dict) else content
    if isinstance(entries, dict):
        entries = [{"number": number, **_object(entry)} for number, entry in entries.items()]
    if not isinstance(entries, list) or not entries:
        raise InputError("The codes describe no segment", remedy=_REMEDY)
    return tuple(sorted((_segment(_object(entry)) for entry in entries), key=lambda segment: segment.number))


def read_codes(path: Path) -> tuple[SegmentDescription, ...]:
    """`segments_from_json` of a file. Raises `InputError`."""
    try:
        return segments_from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("The codes cannot be read as JSON", remedy=_REMEDY, path=path) from error


def segments_to_json(segments: Iterable[SegmentDescription]) -> list[dict[str, Any]]:
    """Plain entries that `segments_from_json` reads back; what is not set is left out."""
    return [_entry(segment) for segment in segments]


def describe(numbers: Sequence[int], codes: Sequence[SegmentDescription] | None) -> tuple[SegmentDescription, ...]:
    """The given descriptions, or plain ones for `numbers`. Raises `InputError` for a label that `codes` leaves out."""
    if codes is None:
        return default_segments(numbers)
    missing = sorted(set(numbers) - {segment.number for segment in codes})
    if missing:
        raise InputError(f"The codes describe no label {missing[0]}", remedy="Describe every label that occurs.")
    return tuple(codes)


def _object(entry: Any) -> dict[str, Any]:
    if isinstance(entry, str):
        return {"label": entry}
    if not isinstance(entry, dict):
        raise InputError("A segment is described by something else than an object", remedy=_REMEDY)
    return entry


def _segment(entry: dict[str, Any]) -> SegmentDescription:
    try:
        number = int(entry["number"])
        colour = entry.get("rgb")
        return SegmentDescription(
            number=number,
            label=str(entry.get("label") or f"Segment {number}"),
            category=_code(entry.get("category")) or TISSUE,
            type=_code(entry.get("type")) or TISSUE,
            anatomic_region=_code(entry.get("anatomic_region")),
            laterality=_code(entry.get("laterality")),
            tracking_uid=_text(entry, "tracking_uid"),
            tracking_id=_text(entry, "tracking_id"),
            recommended_cielab=cielab_from_rgb(*(int(c) for c in colour)) if colour else _cielab(entry),
            algorithm_type=str(entry.get("algorithm_type") or "MANUAL"),
            algorithm_name=_text(entry, "algorithm_name"),
            description=_text(entry, "description"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("A segment lacks its number or holds a value of the wrong kind", remedy=_REMEDY) from error


def _text(entry: dict[str, Any], name: str) -> str | None:
    return str(entry[name]) if entry.get(name) else None


def _cielab(entry: dict[str, Any]) -> tuple[int, int, int] | None:
    value = entry.get("recommended_cielab")
    return None if not value else (int(value[0]), int(value[1]), int(value[2]))


def _code(value: Any) -> CodedConcept | None:
    if value is None:
        return None
    if isinstance(value, dict):
        return CodedConcept(str(value["value"]), str(value["scheme_designator"]), str(value["meaning"]))
    first, second, third = value
    return CodedConcept(str(first), str(second), str(third))


def _entry(segment: SegmentDescription) -> dict[str, Any]:
    entry: dict[str, Any] = {"number": segment.number, "label": segment.label}
    for name in ("category", "type", "anatomic_region", "laterality"):
        code = getattr(segment, name)
        if code is not None:
            entry[name] = list(code)
    for name in ("tracking_uid", "tracking_id", "algorithm_type", "algorithm_name", "description"):
        value = getattr(segment, name)
        if value is not None:
            entry[name] = value
    if segment.recommended_cielab is not None:
        entry["recommended_cielab"] = list(segment.recommended_cielab)
    return entry
