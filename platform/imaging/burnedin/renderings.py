"""Pictures in which text can be read: projections along a series, and grey-level renderings of one image.

Text that lies on every image survives a projection while the anatomy under it does not; text on one image stands out
from its neighbours. So a series of hundreds of images is read as a handful.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Stack = NDArray[np.float32]

ALL = ("clahe", "full", "low", "high")
BRIEF = ("full", "clahe")
_FEW = 6


@dataclass(frozen=True)
class View:
    """A picture to read. `frame` is the image it shows, None where it is a projection that stands for all."""

    frame: int | None
    image: Stack
    renderings: tuple[str, ...]


def views_of(stack: Stack) -> Iterator[View]:
    """The views of a series `[frame, row, column]`: each image of a short one, projections and samples of a long one."""
    count = stack.shape[0]
    if count <= _FEW:
        for index in range(count):
            yield View(index, stack[index], ALL)
        return
    for image in projections(stack):
        yield View(None, image, BRIEF)
    samples = {0, count // 2, count - 1}
    for index in sorted(samples | set(outlying(stack))):
        yield View(index, stack[index], BRIEF)


def projections(stack: Stack) -> Iterator[Stack]:
    """Minimum, maximum, mean and steadiness (minus the standard deviation, on a log scale) along a series."""
    yield stack.min(axis=0)
    yield stack.max(axis=0)
    yield stack.mean(axis=0, dtype=np.float32)
    yield -np.log1p(stack.std(axis=0, dtype=np.float32))


def outlying(stack: Stack) -> list[int]:
    """Images that differ from their neighbours as anatomy does not: sharply, in small places; at most six.

    Three measures of the difference from the mean of both neighbours, high-passed: its 99.9th percentile beside the
    usual difference of that image, the percentile itself, and its peak. The two largest of each count where they are
    far from the series' median.
    """
    measures = np.array([_sharpness(stack, index) for index in range(stack.shape[0])])
    ranked: set[int] = set()
    for measure in measures.T:
        middle = float(np.median(measure))
        spread = float(np.median(np.abs(measure - middle))) + 1e-6
        ranked |= {int(i) for i in np.argsort(-measure)[:2] if (measure[i] - middle) / spread > 4}
    return sorted(ranked)


def _sharpness(stack: Stack, index: int) -> tuple[float, float, float]:
    count = stack.shape[0]
    before = stack[index - 1 if index else 1]
    after = stack[index + 1 if index + 1 < count else count - 2]
    difference = np.abs(stack[index] - (before + after) / 2)
    sharp = difference - cv2.GaussianBlur(difference, (0, 0), 3)
    changed = difference[difference > 0][::7]
    usual = float(np.median(changed)) if changed.size else 0.0
    at = int(sharp.size * 0.999)
    high = float(np.partition(sharp, at, axis=None)[at])
    return high / (usual + 1e-6), high, float(sharp.max())


def render(image: Stack, name: str) -> Picture | None:
    """One image as 8-bit grey: `full` range, `low` quarter, `high` two fifths, or `clahe`; None where it is flat.

    The range is that of the middle 99.8 % of the values: paddings far outside it saturate, and so does text.
    """
    low, high = (float(v) for v in np.percentile(image, (0.1, 99.9)))
    if high <= low:
        low, high = float(image.min()), float(image.max())
    if high <= low:
        return None
    if name == "low":
        high = low + (high - low) * 0.25
    elif name == "high":
        low = high - (high - low) * 0.4
    scaled: Picture = np.clip((image - low) * (255.0 / (high - low)), 0, 255).astype(np.uint8)
    if name == "clahe":
        return np.asarray(cv2.createCLAHE(clipLimit=4.0, tileGridSize=(8, 8)).apply(scaled), dtype=np.uint8)
    return scaled


def grey(frames: NDArray[np.generic]) -> Stack:
    """Frames `[frame, row, column]` or `[frame, row, column, 3]` as float32 grey, colours by their strongest channel."""
    values = np.asarray(frames, dtype=np.float32)
    return values.max(axis=-1) if values.ndim == 4 else values
