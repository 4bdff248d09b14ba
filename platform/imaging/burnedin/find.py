"""Finding text in the pixels of a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.burnedin.boxes import TextBox, Verdict
from imaging.burnedin.judge import Judge
from imaging.burnedin.ocr import Line, read_lines
from imaging.burnedin.renderings import Stack, View, grey, render, views_of
from imaging.deid.identifiers import OriginalIdentifiers

FLOOR = 0.5
_SAME_PLACE = 0.5
_STROKE_PX = 3.0
_STRICTEST_FIRST = (Verdict.REDACT, Verdict.REVIEW, Verdict.KEEP)


def find_text(
    frames: NDArray[np.generic], identifiers: OriginalIdentifiers | None = None, *, floor: float = FLOOR
) -> list[TextBox]:
    """Lines of text in a series of images of one size, with a proposed verdict for each.

    `frames` is `[frame, row, column]` or `[frame, row, column, 3]`, stored or displayed values. A series of more than
    six images is read in projections along it (minimum, maximum, mean, steadiness), at its first, middle and last
    image and at images that stand out from their neighbours; each in several grey-level renderings. `identifiers` are
    the header's: a match makes certainty. Lines read with less confidence than `floor` are taken for texture.
    """
    stack = grey(frames)
    judge = Judge(identifiers or OriginalIdentifiers())
    found: list[TextBox] = []
    for view in views_of(stack):
        for line in _lines_of(view, floor):
            verdict, reason = judge.verdict(line.text, line.score)
            box = TextBox(view.frame, line.x, line.y, line.w, line.h, line.text, line.score, reason, verdict)
            found += _placed(box, view, stack)
    return [_padded(box, stack.shape[1], stack.shape[2]) for box in merge(found)]


def _padded(box: TextBox, rows: int, columns: int) -> TextBox:
    """The box with its height on the left and right and a fifth of it above and below: readers cut outer letters."""
    wide, high = box.h, (box.h + 4) // 5
    x, y = max(box.x - wide, 0), max(box.y - high, 0)
    return replace(box, x=x, y=y, w=min(box.x + box.w + wide, columns) - x, h=min(box.y + box.h + high, rows) - y)


def _placed(box: TextBox, view: View, stack: Stack) -> list[TextBox]:
    """A line of a projection belongs to every image, unless its strokes are to be seen on fewer than half of them."""
    if box.frame is not None:
        return [box]
    rows, columns = slice(box.y, box.y + box.h), slice(box.x, box.x + box.w)
    if not view.scaled:
        # Dark strokes vary more than what is around them: they lie on some images, and the other projections say which.
        return [box] if _is_bright(view.image[rows, columns]) else []
    if view.where is not None:
        patch = view.image[rows, columns]
        strokes = view.where[rows, columns][patch >= np.percentile(patch, 80)]
        counts = np.bincount(strokes.ravel(), minlength=len(stack))
        # An image counts when a quarter as many strokes come from it as from the one that gave most.
        return [replace(box, frame=int(index)) for index in np.flatnonzero(counts * 4 >= counts.max())]
    frames = _frames_with(view.image[rows, columns], stack[:, rows, columns])
    if len(frames) * 2 >= len(stack) or not frames:
        return [box]
    return [replace(box, frame=index) for index in frames]


def _frames_with(projected: Stack, patch: Stack) -> list[int]:
    """Images on which the strokes that a projection shows stand off their surroundings, at least half as far as on the
    image where they do most."""
    low, middle, high = (float(v) for v in np.percentile(projected, (3, 50, 97)))
    sign = 1 if _is_bright(projected) else -1
    strokes = projected >= (middle + high) / 2 if sign > 0 else projected <= (middle + low) / 2
    if not strokes.any() or strokes.all():
        return []
    fine = np.stack([image - cv2.GaussianBlur(image, (0, 0), _STROKE_PX) for image in patch])
    contrast = sign * (fine[:, strokes].mean(axis=1) - fine[:, ~strokes].mean(axis=1))
    return [int(index) for index in np.flatnonzero(contrast >= contrast.max() * 0.5)]


def _is_bright(patch: Stack) -> bool:
    """Whether the strokes, the fewer pixels, are the brighter ones."""
    low, middle, high = (float(v) for v in np.percentile(patch, (3, 50, 97)))
    return high - middle >= middle - low


def _lines_of(view: View, floor: float) -> list[Line]:
    lines = []
    for name in view.renderings:
        picture = render(view.image, name)
        if picture is not None:
            lines += [line for line in read_lines(picture) if _is_text(line, floor)]
    return lines


def _is_text(line: Line, floor: float) -> bool:
    """Single marks and short guesses in texture are not text unless they were read with certainty."""
    letters = sum(character.isalnum() for character in line.text)
    if letters < 2:
        return False
    if not line.text.isascii() and line.score < 0.9:
        return False  # the reader knows thousands of ideographs and sees them in noise
    return line.score >= (0.85 if letters < 4 else floor)


def merge(boxes: Sequence[TextBox]) -> list[TextBox]:
    """One box where several renderings found the same line: the union of the places, the strictest verdict.

    A line of a single image that lies under a line of every image is that line.
    """
    merged: list[TextBox] = []
    for box in sorted(boxes, key=lambda b: (b.frame is not None, -b.score, b.y, b.x)):
        for index, other in enumerate(merged):
            if other.frame in {None, box.frame} and other.overlap(box) > _SAME_PLACE:
                merged[index] = _union(other, box)
                break
        else:
            merged.append(box)
    return sorted(merged, key=lambda b: (-1 if b.frame is None else b.frame, b.y, b.x))


def _union(first: TextBox, second: TextBox) -> TextBox:
    """The better reading gives the text; it also gives the verdict where it is sure of a listed line."""
    best = first if first.score >= second.score else second
    matched = "header-match" in {first.reason, second.reason}
    strict = min((first, second), key=lambda b: _STRICTEST_FIRST.index(b.verdict))
    chosen = best if best.verdict is Verdict.KEEP and not matched else strict
    x, y = min(first.x, second.x), min(first.y, second.y)
    right = max(first.x + first.w, second.x + second.w)
    bottom = max(first.y + first.h, second.y + second.h)
    return TextBox(first.frame, x, y, right - x, bottom - y, best.text, best.score, chosen.reason, chosen.verdict)
