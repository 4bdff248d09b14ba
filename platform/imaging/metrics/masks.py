"""Masks as the metrics take them: checked, boolean, cropped to what holds foreground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.geometry import VolumeGeometry

Mask = NDArray[np.bool_]
Labelmap = NDArray[np.integer[Any]]
Box = tuple[slice, ...]
Axes = NDArray[np.float64]


def as_mask(array: object, *, name: str) -> Mask:
    """A 2D or 3D mask. Integers count as foreground where they are not zero; floats must be 0 or 1.

    Raises `InputError` for other dimensions, negative labels, NaN, and fractions (which need a threshold that
    only the caller can name).
    """
    values = np.asarray(array)
    if values.dtype == np.bool_:
        _check_dimensions(values, name)
        return values
    mask: Mask = as_labelmap(values, name=name) != 0
    return mask


def as_labelmap(array: object, *, name: str) -> Labelmap:
    """A 2D or 3D integer array of labels ≥ 0, 0 being background. Raises `InputError`."""
    values = np.asarray(array)
    _check_dimensions(values, name)
    if values.dtype == np.bool_:
        return values.view(np.uint8)
    if values.dtype.kind == "f":
        values = _whole_numbers(values, name)
    if values.dtype.kind not in "iu":
        raise InputError(f"The {name} holds no numbers", remedy="Give an array of labels.", code="labels-not-numeric")
    if values.dtype.kind == "i" and values.size and int(values.min()) < 0:
        raise InputError(
            f"The {name} holds negative labels", remedy="Labels are 0 for background and above.", code="negative-label"
        )
    return values


def _check_dimensions(values: NDArray[Any], name: str) -> None:
    if values.ndim not in (2, 3):
        raise InputError(
            f"The {name} has {values.ndim} dimensions", remedy="Give a 2D or 3D array.", code="dimensions-not-2-or-3"
        )


def _whole_numbers(values: NDArray[Any], name: str) -> Labelmap:
    if not np.all(np.isfinite(values)):
        raise InputError(
            f"The {name} holds values that are not numbers", remedy="Replace NaN and infinity.", code="not-finite"
        )
    whole = values.astype(np.int64)
    if not np.array_equal(whole, values):
        raise InputError(
            f"The {name} holds fractions", remedy="Apply a threshold before comparing.", code="fractional-labels"
        )
    return whole


def check_same_shape(reference: NDArray[Any], prediction: NDArray[Any]) -> None:
    """Raises `InputError` unless both arrays have one shape."""
    if reference.shape != prediction.shape:
        raise InputError(
            f"Reference and prediction differ in shape: {reference.shape} and {prediction.shape}",
            remedy="Resample one onto the grid of the other.",
            code="shape-mismatch",
        )


def axes_mm(spacing: Sequence[float] | VolumeGeometry, ndim: int) -> Axes:
    """Matrix (ndim, ndim) whose column k is the step, in mm, of one index along array axis k.

    A `VolumeGeometry` gives its true axes, so that a sheared (gantry-tilted) grid is measured as it lies in the
    patient. Raises `InputError` for spacing that is not ndim positive numbers.
    """
    if isinstance(spacing, VolumeGeometry):
        if ndim != 3:
            raise InputError("A volume geometry needs a 3D array", remedy="Give the spacing.", code="spacing-invalid")
        axes: Axes = np.asarray(spacing.direction) * np.asarray(spacing.spacing_mm)
        return axes
    values = np.asarray(spacing, float)
    if values.shape != (ndim,) or not np.all(np.isfinite(values)) or values.min() <= 0:
        raise InputError(
            f"Spacing must be {ndim} numbers greater than zero, one per array axis",
            remedy="Give the spacing in mm in the order of the array axes.",
            code="spacing-invalid",
        )
    return np.diag(values)


def foreground_box(array: NDArray[Any]) -> Box | None:
    """The smallest box that holds every non-zero element; None where there is none.

    Reads the memory as 8-byte words where it can: an order of magnitude faster than `any` along the axes.
    """
    stack = _words(array)
    slices = np.flatnonzero(np.bitwise_or.reduce(stack.reshape(stack.shape[0], -1), axis=1))
    if not slices.size:
        return None
    first = slice(int(slices[0]), int(slices[-1]) + 1)
    plane = np.ascontiguousarray(np.bitwise_or.reduce(stack[first], axis=0)).view(_word(array.dtype.itemsize))
    if array.ndim == 2:
        return (first, _extent(plane))
    plane = plane.reshape(array.shape[1:])
    return (first, _extent(np.bitwise_or.reduce(plane, axis=1)), _extent(np.bitwise_or.reduce(plane, axis=0)))


def _word(itemsize: int) -> np.dtype[Any]:
    return np.dtype(f"u{itemsize}")


def _words(array: NDArray[Any]) -> NDArray[Any]:
    contiguous = np.ascontiguousarray(array)
    stack = contiguous.view(_word(array.dtype.itemsize)).reshape(array.shape[0], -1)
    return stack.view(np.uint64) if stack.shape[1] * array.dtype.itemsize % 8 == 0 and stack.size else stack


def _extent(line: NDArray[Any]) -> slice:
    where = np.flatnonzero(line)
    return slice(int(where[0]), int(where[-1]) + 1)


def joined_box(boxes: Sequence[Box | None]) -> Box | None:
    """The smallest box that holds all the boxes; None where all are None."""
    present = [box for box in boxes if box is not None]
    if not present:
        return None
    return tuple(slice(min(s.start for s in along), max(s.stop for s in along)) for along in zip(*present, strict=True))
