"""What is done with a damaged file, and what counts as a failure.

Allowed: an answer, or an `ImagingError` that has a remedy. Everything else is a failure: any other exception, a
crash of the process, more than MAX_SECONDS, more memory than the limit, or an array that its own header denies.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imaging.errors import ImagingError
from imaging.quality import check_series
from imaging.scan_dataset import read_dataset
from imaging.series import UnreadableFile, VolumeStack, group, read_headers
from imaging.volume import load_frames, load_volume
from imaging.volume_tiled import load_region

MAX_SECONDS = 10.0
MAX_BYTES = 512 << 20


class FuzzFailure(Exception):
    """An answer that contradicts itself."""


def exercise(data: bytes) -> str:
    """Everything the engine does with one file; returns how it ended: `read` or the code of the refusal."""
    (header,) = read_headers([data])
    ended = "read"
    if isinstance(header, UnreadableFile):
        _judge(header.error)
        ended = header.error.code
    else:
        for series in group([header]):
            for file in series.unreadable:
                _judge(file.error)
                ended = file.error.code
            for stack in series.stacks:
                ended = _load(stack) or ended
        try:
            read_dataset(data)
        except ImagingError as error:
            _judge(error)
    report = check_series([data])
    report.as_json()
    for finding in report.findings:
        if not (finding.title and finding.consequence and finding.remedy):
            raise FuzzFailure(f"finding {finding.code} says too little")
    return ended


def _load(stack: VolumeStack) -> str | None:
    try:
        if stack.kind == "tiled":
            array: np.ndarray[Any, Any] = load_region(stack)
            expected: tuple[int, ...] = (stack.frames[0].rows, stack.frames[0].columns)
        else:
            frames = load_frames(stack, max_bytes=MAX_BYTES)
            array = frames.array[0]
            expected = (stack.frames[0].rows, stack.frames[0].columns)
            if len(frames.array) != len(stack.frames):
                raise FuzzFailure("another number of frames than the stack has")
        if array.shape[:2] != expected:
            raise FuzzFailure("an array of another size than its header says")
        if stack.kind == "volume":
            volume = load_volume(stack, max_bytes=MAX_BYTES)
            if not np.isfinite(volume.geometry.affine_lps).all() or volume.array.shape[:3] != volume.geometry.size:
                raise FuzzFailure("a geometry that does not fit its array")
    except ImagingError as error:
        _judge(error)
        return error.code
    return None


def _judge(error: ImagingError) -> None:
    if not error.remedy or not error.detail or error.code == "imaging-error":
        raise FuzzFailure("a refusal without a code or a remedy")
