"""Reading text from a picture with RapidOCR and the weights in its wheel. Nothing is downloaded."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from imaging.burnedin.renderings import Picture

_THICKEST_PX = 60
_THICKEST_PART = 0.09
_LONGEST_SIDE = 2000


@dataclass(frozen=True)
class Line:
    """A line that was read: its box in pixels of the picture, its text and the reader's confidence, 0 to 1."""

    x: int
    y: int
    w: int
    h: int
    text: str
    score: float


@cache
def _reader() -> Any:
    """One reader a process, one thread: processes are the unit of parallel work."""
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.text_score": 0.0,
            "Global.log_level": "critical",
            "Global.max_side_len": _LONGEST_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def read_lines(picture: Picture) -> list[Line]:
    """Every line of text that can be read in an 8-bit grey picture.

    Boxes thicker than 60 pixels or 9 % of the longer side are no text: without that limit the detector frames whole
    organs.
    """
    result = _reader()(np.repeat(picture[:, :, None], 3, axis=2))
    texts = getattr(result, "txts", None)
    if texts is None or result.boxes is None:
        return []
    thickest = max(_THICKEST_PX, _THICKEST_PART * max(picture.shape))
    lines = []
    for box, text, score in zip(result.boxes, texts, result.scores, strict=True):
        corners = np.asarray(box)
        left, top = (int(v) for v in np.maximum(np.floor(corners.min(axis=0)), 0))
        right, bottom = (int(v) for v in np.minimum(np.ceil(corners.max(axis=0)), picture.shape[::-1]))
        if 0 < min(right - left, bottom - top) <= thickest and text.strip():
            lines.append(Line(left, top, right - left, bottom - top, text.strip(), float(score)))
    return lines
