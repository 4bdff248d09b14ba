"""Taking a series apart into stacks whose frames make one volume.

A label (echo, time, b-value …) splits a stack only where the standard says it always does, or where the frames
cannot otherwise lie on one grid: acquisition numbers and times differ within perfectly good volumes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from imaging.series_frames import FrameRef, Label
from imaging.series_geometry import SAME_POSITION_MM, fit, offsets_along_normal

ORIENTATION_TOLERANCE = 2e-3
"""Greatest difference of a direction cosine within one stack (about 0.1 degree)."""
SPACING_TOLERANCE_MM = 1e-3

_ALWAYS = ("echo", "echo_time_ms", "b_value", "component", "stack")
_VALUES = ("image_type", "inversion_time_ms", "flip_angle_deg", "temporal", "phase", "acquisition")
_RANKS = ("trigger_time_ms", "temporal_offset", "acquisition_time", "content_time", "instance")

Split = tuple[list[FrameRef], dict[str, Label]]


def hard_groups(frames: Iterable[FrameRef]) -> list[list[FrameRef]]:
    """Frames that could share a grid: same class, size, frame of reference, pixel spacing and orientation."""
    groups: list[list[FrameRef]] = []
    by_key: dict[tuple[object, ...], list[list[FrameRef]]] = defaultdict(list)
    for frame in frames:
        header = frame.header
        key = (
            header.sop_class_uid,
            header.modality,
            header.frame_of_reference_uid,
            frame.rows,
            frame.columns,
            header.samples_per_pixel,
            frame.orientation is None,
            frame.position_lps is None,
        )
        cluster = next((c for c in by_key[key] if _same_plane(c[0], frame)), None)
        if cluster is None:
            cluster = []
            by_key[key].append(cluster)
            groups.append(cluster)
        cluster.append(frame)
    return groups


def _same_plane(first: FrameRef, other: FrameRef) -> bool:
    if first.orientation is not None and other.orientation is not None:
        pairs = zip(first.orientation, other.orientation, strict=True)
        if max(abs(a - b) for a, b in pairs) > ORIENTATION_TOLERANCE:
            return False
    if first.pixel_spacing_mm is None or other.pixel_spacing_mm is None:
        return first.pixel_spacing_mm == other.pixel_spacing_mm
    spacing_pairs = zip(first.pixel_spacing_mm, other.pixel_spacing_mm, strict=True)
    return max(abs(a - b) for a, b in spacing_pairs) <= SPACING_TOLERANCE_MM


def coherent_stacks(frames: Sequence[FrameRef]) -> list[Split]:
    """Split frames of one hard group until each part is a volume, or nothing known sets its frames apart."""
    return _conditional(list(frames), {}) if len(frames) == 1 else _always(list(frames))


def _always(frames: list[FrameRef]) -> list[Split]:
    parts: list[Split] = [(frames, {})]
    for name in _ALWAYS:
        parts = [
            (subset, labels | ({name: value} if value is not None else {}))
            for part, labels in parts
            for value, subset in _by_value(part, name)
        ]
    return [done for part, labels in parts for done in _conditional(part, labels)]


def _by_value(frames: list[FrameRef], name: str) -> list[tuple[Label | None, list[FrameRef]]]:
    groups: dict[Label | None, list[FrameRef]] = defaultdict(list)
    for frame in frames:
        groups[frame.labels.get(name)].append(frame)
    if len(groups) == 1:
        return [(None, frames)]
    return sorted(groups.items(), key=lambda item: _order(item[0]))


def _order(value: Label | None) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    return (1, float(value), "") if isinstance(value, (int, float)) else (2, 0.0, value)


def _conditional(frames: list[FrameRef], labels: dict[str, Label]) -> list[Split]:
    ordered = sort_along_normal(frames)
    multiplicity = position_counts(ordered)
    if len(multiplicity) == 1 and len(frames) > 1:
        return [(_by_time(frames), labels)]
    if max(multiplicity) == 1:
        return [(ordered, labels)] if fit(ordered).is_regular else _separate_irregular(ordered, labels)
    for name in _VALUES:
        parts = _by_value(frames, name)
        if len(parts) > 1 and _improves(frames, [subset for _, subset in parts]):
            return [
                done
                for value, subset in parts
                for done in _conditional(subset, labels | ({name: value} if value is not None else {}))
            ]
    ranked = _by_rank(ordered)
    if ranked is not None:
        name, subsets = ranked
        return [
            done
            for index, subset in enumerate(subsets)
            for done in _conditional(subset, labels | {f"{name}_rank": index + 1})
        ]
    return [(ordered, labels)]


def _separate_irregular(frames: list[FrameRef], labels: dict[str, Label]) -> list[Split]:
    """Two runs in one series, each regular: taken apart only where every part is a grid of its own."""
    for name in _VALUES:
        parts = _by_value(frames, name)
        if 1 < len(parts) <= len(frames) // 3:
            sorted_parts = [(value, sort_along_normal(subset)) for value, subset in parts]
            if all(len(subset) > 2 and fit(subset).is_regular for _, subset in sorted_parts):
                return [(s, labels | ({name: value} if value is not None else {})) for value, s in sorted_parts]
    return [(frames, labels)]


def _improves(frames: list[FrameRef], parts: list[list[FrameRef]]) -> bool:
    """Whether a split leaves fewer frames sharing a position and does not crumble the stack into single slices."""
    before = len(frames) - len(position_counts(sort_along_normal(frames)))
    after = sum(len(part) - len(position_counts(sort_along_normal(part))) for part in parts)
    return after < before and all(len(part) > 1 for part in parts)


def _by_rank(ordered: list[FrameRef]) -> tuple[str, list[list[FrameRef]]] | None:
    """Where each position holds the same number of frames: the first of each, the second of each, in time."""
    places = positions(ordered)
    copies = {len(place) for place in places}
    if len(copies) != 1 or len(places) < 2:
        return None
    for name in _RANKS:
        if all(_distinct(place, name) for place in places):
            ranked = [sorted(place, key=partial(_label_order, name)) for place in places]
            return name, [[place[k] for place in ranked] for k in range(copies.pop())]
    return None


def _label_order(name: str, frame: FrameRef) -> tuple[int, float, str]:
    return _order(frame.labels.get(name))


def _distinct(place: list[FrameRef], name: str) -> bool:
    values = [frame.labels.get(name) for frame in place]
    return None not in values and len(set(values)) == len(values)


def _by_time(frames: list[FrameRef]) -> list[FrameRef]:
    """Frames at one position, in the order of time, instance and frame."""

    def key(frame: FrameRef) -> tuple[float, float, int]:
        time = frame.time_ms if frame.time_ms is not None else float(frame.labels.get("temporal", 0) or 0)
        return (time, float(frame.header.instance_number or 0), frame.frame_index)

    return sorted(frames, key=key)


def sort_along_normal(frames: list[FrameRef]) -> list[FrameRef]:
    """By distance along the plane normal; frames at one position by instance number, then frame."""
    if len(frames) == 1:
        return list(frames)
    offsets = offsets_along_normal(frames)
    # Offsets are quantised so that rounding noise cannot decide the order of frames at one position.
    quantised = np.round(offsets / SAME_POSITION_MM).astype(np.int64)
    order = sorted(
        range(len(frames)),
        key=lambda i: (int(quantised[i]), frames[i].header.instance_number or 0, frames[i].frame_index),
    )
    return [frames[i] for i in order]


def positions(ordered: Sequence[FrameRef]) -> list[list[FrameRef]]:
    """Frames grouped by position along the normal; two in-plane places at one height are two positions."""
    places: list[list[FrameRef]] = []
    last = 0.0
    for frame, offset in zip(ordered, offsets_along_normal(ordered), strict=True):
        if places and abs(offset - last) <= SAME_POSITION_MM and _same_origin(places[-1][0], frame):
            places[-1].append(frame)
        else:
            places.append([frame])
        last = float(offset)
    return places


def _same_origin(first: FrameRef, other: FrameRef) -> bool:
    assert first.position_lps is not None and other.position_lps is not None
    return bool(np.linalg.norm(np.subtract(first.position_lps, other.position_lps)) <= 10 * SAME_POSITION_MM)


def position_counts(ordered: Sequence[FrameRef]) -> list[int]:
    """How many frames lie at each position."""
    return [len(place) for place in positions(ordered)]
