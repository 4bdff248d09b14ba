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

ALL = ("clahe", "local", "low", "full")
BRIEF = ("clahe", "local")
_FEW = 6
_LOCAL_PX = 8.0
_OUTLIERS = 4


@dataclass(frozen=True)
class View:
    """A picture to read. `frame` is the image it shows, None where it is a projection that stands for all; `where`
    gives, for a projection of what stands out, the image that each pixel comes from; `scaled` is false where the
    values are no pixel values any more."""

    frame: int | None
    image: Stack
    renderings: tuple[str, ...]
    where: NDArray[np.intp] | None = None
    scaled: bool = True


def views_of(stack: Stack) -> Iterator[View]:
    """The views of a series `[frame, row, column]`: each image of a short one, projections and samples of a long one."""
    count = stack.shape[0]
    if count <= _FEW:
        for index in range(count):
            yield View(index, stack[index], ALL)
        return
    for image in (stack.min(axis=0), stack.max(axis=0), stack.mean(axis=0, dtype=np.float32)):
        yield View(None, image, BRIEF)
    # Minus the standard deviation: where nothing moves along the series, something is written over it.
    yield View(None, -np.log1p(stack.std(axis=0, dtype=np.float32)), BRIEF, scaled=False)
    standing_out = stand_out(stack)
    yield View(None, standing_out.peak, ("full", "local"), standing_out.where)
    samples = {0, count // 2, count - 1}
    for index in sorted(samples | set(standing_out.images)):
        yield View(index, stack[index], BRIEF)


@dataclass(frozen=True)
class StandingOut:
    """What lies on one image and on neither neighbour: its strongest trace `peak` `[row, column]`, the image `where`
    each pixel of it comes from, and the up to four images that stand out most."""

    peak: Stack
    where: NDArray[np.intp]
    images: list[int]


def stand_out(stack: Stack) -> StandingOut:
    """Compare each image with both neighbours: anatomy goes on in one of them, burned-in text on one image does not.

    The trace of an image is the smaller of its two differences where both have the same sign, smoothed over 3×3
    pixels. Images stand out whose 99.9th percentile of the trace is far above the series' median.
    """
    count = stack.shape[0]
    peak = np.full(stack.shape[1:], -1, dtype=np.float32)
    where = np.zeros(stack.shape[1:], dtype=np.intp)
    scores = np.zeros(count)
    for index in range(count):
        before = stack[index - 1 if index else 2]
        after = stack[index + 1 if index + 1 < count else count - 3]
        first, second = stack[index] - before, stack[index] - after
        trace = np.where(first * second > 0, np.minimum(np.abs(first), np.abs(second)), np.float32(0))
        trace = cv2.blur(trace, (3, 3))
        at = int(trace.size * 0.999)
        scores[index] = float(np.partition(trace, at, axis=None)[at])
        stronger = trace > peak
        peak[stronger], where[stronger] = trace[stronger], index
    middle = float(np.median(scores))
    spread = float(np.median(np.abs(scores - middle))) + 1e-6
    ranked = [int(i) for i in np.argsort(-scores)[:_OUTLIERS] if (scores[i] - middle) / spread > 4]
    return StandingOut(peak, where, sorted(ranked))


def render(image: Stack, name: str) -> Picture | None:
    """One image as 8-bit grey; None where it is flat.

    `full` is the range of the middle 99.8 % of the values (paddings far outside it saturate, and so does text), `low`
    its lowest quarter, `clahe` the full range with contrast equalised in tiles, `local` the difference from the
    surroundings beside how much they vary.
    """
    low, high = (float(v) for v in np.percentile(image, (0.1, 99.9)))
    if high <= low:
        low, high = float(image.min()), float(image.max())
    if high <= low:
        return None
    if name == "local":
        return _local(image)
    if name == "low":
        high = low + (high - low) * 0.25
    scaled: Picture = np.clip((image - low) * (255.0 / (high - low)), 0, 255).astype(np.uint8)
    if name == "clahe":
        return np.asarray(cv2.createCLAHE(clipLimit=10.0, tileGridSize=(8, 8)).apply(scaled), dtype=np.uint8)
    return scaled


def _local(image: Stack) -> Picture:
    difference = image - cv2.GaussianBlur(image, (0, 0), _LOCAL_PX)
    spread = np.sqrt(cv2.GaussianBlur(difference * difference, (0, 0), _LOCAL_PX))
    varied = spread[spread > 0]
    usual = float(np.median(varied)) if varied.size else 1.0
    score = difference / (spread + 0.25 * usual + 1e-6)
    picture: Picture = np.clip((score / 2.5 + 1) * 127.5, 0, 255).astype(np.uint8)
    return picture


def grey(frames: NDArray[np.generic]) -> Stack:
    """Frames `[frame, row, column]` or `[frame, row, column, 3]` as float32 grey, colours by their strongest channel."""
    values = np.asarray(frames, dtype=np.float32)
    return values.max(axis=-1) if values.ndim == 4 else values
