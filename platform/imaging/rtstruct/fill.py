"""Which pixel centres lie inside polygons: even-odd, exact, all edges at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Plane = NDArray[np.bool_]

_PAIRS_AT_ONCE = 4_000_000


def edges_of(polygons: Sequence[Points]) -> tuple[Points, Points]:
    """Start and end points of all edges, each polygon closed."""
    return np.concatenate(polygons), np.concatenate([np.roll(polygon, -1, axis=0) for polygon in polygons])


def fill(polygons: Sequence[Points], target: Plane) -> None:
    """XOR onto `target` `[row, column]` the pixels whose centre an odd number of polygons encloses.

    Polygons are (N, 2) `(row, column)` with integers at pixel centres. A centre on an edge belongs to the side of
    increasing row and column, so neighbours that share an edge share no pixel. Zero-width channels (keyholes) and
    polygons inside polygons (holes) come out right because every edge toggles.
    """
    start, end = edges_of(polygons)
    columns, toggles = crossings(start, end)
    inside = (columns >= 0) & (columns < target.shape[1])
    columns, toggles = columns[inside], np.clip(toggles[inside], 0, None)
    kept = toggles < target.shape[0]
    columns, toggles = columns[kept], toggles[kept]
    if not columns.size:
        return
    top, left = int(toggles.min()), int(columns.min())
    bottom = min(int(np.ceil(start[:, 0].max())) + 1, target.shape[0])
    height = max(bottom, int(toggles.max()) + 1) - top
    width = int(columns.max()) - left + 1
    # Rows of whole 64-bit words: XOR down the rows is then eighty times faster than byte by byte.
    stride = (width + 7) // 8 * 8
    counts = np.bincount((toggles - top) * stride + (columns - left), minlength=height * stride)
    words = (counts & 1).astype(np.uint8).reshape(height, stride).view(np.uint64)
    box = np.bitwise_xor.accumulate(words, axis=0).view(np.bool_)
    target[top : top + height, left : left + width] ^= box[:, :width]


def crossings(start: Points, end: Points) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every pixel column an edge crosses, and the first row whose centre is at or past the crossing."""
    low = np.minimum(start[:, 1], end[:, 1])
    high = np.maximum(start[:, 1], end[:, 1])
    first = np.ceil(low).astype(np.int64)
    counts = np.ceil(high).astype(np.int64) - first
    edge = np.repeat(np.arange(len(start)), counts)
    column = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    # From the lower end always, so that both neighbours of a shared edge compute the same crossing.
    is_flipped = start[:, 1] > end[:, 1]
    a = np.where(is_flipped[:, None], end, start)
    b = np.where(is_flipped[:, None], start, end)
    width = b[:, 1] - a[:, 1]
    slope = np.divide(b[:, 0] - a[:, 0], width, out=np.zeros(len(a)), where=width > 0)
    row = a[edge, 0] + (column - a[edge, 1]) * slope[edge]
    return column, np.ceil(row).astype(np.int64)


def contains(points: Points, polygons: Sequence[Points]) -> Plane:
    """(N,) whether each of (N, 2) points lies inside an odd number of polygons."""
    start, end = edges_of(polygons)
    result = np.zeros(len(points), bool)
    at_once = max(1, _PAIRS_AT_ONCE // max(1, len(start)))
    for first in range(0, len(points), at_once):
        result[first : first + at_once] = _contains(points[first : first + at_once], start, end)
    return result


def _contains(points: Points, start: Points, end: Points) -> Plane:
    x, y = points[:, 0, None], points[:, 1, None]
    spans = (start[:, 1] <= y) != (end[:, 1] <= y)
    height = end[:, 1] - start[:, 1]
    slope = np.divide(end[:, 0] - start[:, 0], height, out=np.zeros(len(start)), where=height != 0)
    hits = spans & (x < start[:, 0] + (y - start[:, 1]) * slope)
    odd: Plane = (np.count_nonzero(hits, axis=1) % 2).astype(bool)
    return odd
