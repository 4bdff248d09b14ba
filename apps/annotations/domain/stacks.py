"""The order of a series' slices, from the DICOM JSON of its instances (PS3.18 annex F, PS3.3 C.7.6.2.1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.annotations.domain.handles import SeriesStack

_SOP_INSTANCE_UID = "00080018"
_INSTANCE_NUMBER = "00200013"
_POSITION = "00200032"
_ORIENTATION = "00200037"
_ROWS = "00280010"
_COLUMNS = "00280011"
_SPACING = "00280030"
_FRAMES = "00280008"
_SHARED_GROUPS = "52009229"
_FRAME_GROUPS = "52009230"
_PLANE_POSITION = "00209113"
_PLANE_ORIENTATION = "00209116"
_PIXEL_MEASURES = "00289110"

Attributes = dict[str, Any]


class StackError(ValueError):
    """A series that cannot be drawn on as one stack."""


class _Slice:
    """One frame: its instance, where it lies, and what breaks a tie."""

    def __init__(self, instance: Attributes, frame: Attributes, order: tuple[float, int]) -> None:
        self.uid = str(_first(instance, _SOP_INSTANCE_UID) or "")
        self.size = (int(_first(instance, _ROWS) or 0), int(_first(instance, _COLUMNS) or 0))
        self.position = _numbers(frame, instance, _PLANE_POSITION, _POSITION, 3)
        self.orientation = _numbers(frame, instance, _PLANE_ORIENTATION, _ORIENTATION, 6)
        self.spacing = _numbers(frame, instance, _PIXEL_MEASURES, _SPACING, 2)
        self.order = order


def stack_of(series_instance_uid: str, instances: Sequence[Attributes]) -> SeriesStack:
    """The stack of a series: slices ascending along the normal of the first oriented one, ties by InstanceNumber.

    Raises `StackError` for a series without images or with images of different sizes.
    """
    slices = [piece for instance in instances for piece in _slices(instance)]
    sizes = {piece.size for piece in slices}
    if len(sizes) != 1 or min(next(iter(sizes))) < 1:
        raise StackError("The images of this series have no common size.")
    offsets = _offsets(slices)
    ordered = sorted(range(len(slices)), key=lambda i: (offsets[i], slices[i].order))
    rows, columns = next(iter(sizes))
    in_plane = next((piece.spacing for piece in slices if piece.spacing is not None), None)
    between_rows, between_columns = (1.0, 1.0) if in_plane is None else (float(in_plane[0]), float(in_plane[1]))
    return SeriesStack(
        series_instance_uid=series_instance_uid,
        rows=rows,
        columns=columns,
        sop_instance_uids=tuple(slices[i].uid for i in ordered),
        spacing_mm=(_between(offsets), between_rows, between_columns),
    )


def _slices(instance: Attributes) -> list[_Slice]:
    number = float(_first(instance, _INSTANCE_NUMBER) or 0)
    count = int(_first(instance, _FRAMES) or 1)
    shared = (instance.get(_SHARED_GROUPS, {}).get("Value") or [{}])[0]
    frames = instance.get(_FRAME_GROUPS, {}).get("Value") or []
    return [
        _Slice(instance, {**shared, **(frames[index] if index < len(frames) else {})}, (number, index))
        for index in range(max(count, 1))
    ]


def _offsets(slices: Sequence[_Slice]) -> list[float]:
    oriented = next((s for s in slices if s.orientation is not None and s.position is not None), None)
    if oriented is None or oriented.orientation is None:
        return [0.0] * len(slices)
    normal = np.cross(oriented.orientation[:3], oriented.orientation[3:])
    return [0.0 if s.position is None else float(s.position @ normal) for s in slices]


def _between(offsets: Sequence[float]) -> float:
    steps = np.diff(np.sort(np.asarray(offsets, float)))
    steps = steps[steps > 1e-3]
    return float(np.median(steps)) if steps.size else 1.0


def _numbers(frame: Attributes, instance: Attributes, group: str, tag: str, count: int) -> NDArray[np.float64] | None:
    nested = (frame.get(group, {}).get("Value") or [{}])[0]
    values = (nested.get(tag) or instance.get(tag) or {}).get("Value") or []
    if len(values) != count or not all(isinstance(v, int | float) for v in values):
        return None
    return np.asarray(values, float)


def _first(attributes: Attributes, tag: str) -> Any:
    values = attributes.get(tag, {}).get("Value") or [None]
    return values[0]
