"""A piece of text found in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What is proposed for a box. A person may decide otherwise, the machine may not."""

    KEEP = "keep"
    REDACT = "redact"
    REVIEW = "review"


@dataclass(frozen=True)
class TextBox:
    """A line of text in the pixels of a series.

    `frame` is the index of the image in the series (from 0), None where the text lies on every image. `x`, `y` is the
    upper left pixel (column, row), `w`, `h` the size in pixels. `text` is what was read: it may be an identifier and is
    shown only to those who may see one. `score` is the reader's confidence, 0 to 1. `reason` is why the verdict is as
    it is: `header-match`, `listed`, `not-listed`, `unreadable`.
    """

    frame: int | None
    x: int
    y: int
    w: int
    h: int
    text: str
    score: float
    reason: str
    verdict: Verdict

    def __repr__(self) -> str:
        return f"TextBox(frame={self.frame}, x={self.x}, y={self.y}, w={self.w}, h={self.h}, {self.verdict})"

    def overlap(self, other: TextBox) -> float:
        """Area that both cover, as a part of the smaller one."""
        wide = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        high = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        if wide <= 0 or high <= 0:
            return 0.0
        return wide * high / max(1, min(self.w * self.h, other.w * other.h))
