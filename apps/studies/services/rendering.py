"""Pictures of frames for lists, previews and clients that cannot window themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from apps.studies.domain.rendering import Format, Window, full_range, picture, windowed
from apps.studies.models import Instance
from imaging.errors import ImagingError
from imaging.pixels import frame_to_rgb_or_mono
from imaging.scan_dataset import read_dataset
from kernel.blobs.services import blob_read
from kernel.errors import NotFoundError


@dataclass(frozen=True)
class Rendering:
    """What to draw: the frame (from 1), a window in modality values or None for the instance's own, and the box."""

    frame_number: int = 1
    format: Format = "jpeg"
    quality: int = 90
    window: Window | None = None
    fit: tuple[int, int] | None = None


def instance_render(instance: Instance, rendering: Rendering) -> bytes:
    """PNG or JPEG of one frame. Raises `NotFoundError` where the instance has no such frame or it cannot be decoded."""
    if not 1 <= rendering.frame_number <= instance.frames:
        raise NotFoundError(f"The instance has {instance.frames} frames, counted from 1.")
    try:
        dataset = read_dataset(blob_read(instance.blob))
        frame = frame_to_rgb_or_mono(dataset, rendering.frame_number - 1)
    except ImagingError as error:
        raise NotFoundError(error.detail, remedy=error.remedy) from None
    pixels = _colour(frame) if frame.ndim == 3 else _grey(frame, dataset, rendering.window)
    return picture(pixels, rendering.format, quality=rendering.quality, fit=rendering.fit)


def _colour(frame: NDArray[Any]) -> NDArray[np.uint8]:
    rgb = frame[..., :3]
    if rgb.dtype == np.uint8:
        return np.ascontiguousarray(rgb)
    return windowed(rgb, full_range(rgb))


def _grey(frame: NDArray[Any], dataset: Dataset, window: Window | None) -> NDArray[np.uint8]:
    values = frame.astype(np.float32) * _number(dataset, "RescaleSlope", 1.0) + _number(
        dataset, "RescaleIntercept", 0.0
    )
    drawn = windowed(values, window or _own_window(dataset) or full_range(values))
    return 255 - drawn if str(dataset.get("PhotometricInterpretation", "")) == "MONOCHROME1" else drawn


def _own_window(dataset: Dataset) -> Window | None:
    width = _number(dataset, "WindowWidth", 0.0)
    return Window(_number(dataset, "WindowCenter", 0.0), width) if width >= 1 else None


def _number(dataset: Dataset, keyword: str, default: float) -> float:
    value = dataset.get(keyword)
    if isinstance(value, (list, tuple)) or hasattr(value, "__iter__") and not isinstance(value, str):
        value = next(iter(value), None)
    try:
        return default if value is None else float(value)
    except (TypeError, ValueError):
        return default
