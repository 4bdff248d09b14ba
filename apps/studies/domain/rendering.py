"""A frame as a picture: modality values through a window to eight bits (PS3.3 C.11.2.1.2)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Format = Literal["png", "jpeg"]


@dataclass(frozen=True)
class Window:
    """Centre and width in modality values, and the function that maps them."""

    center: float
    width: float
    function: Literal["linear", "linear-exact", "sigmoid"] = "linear"


def windowed(values: NDArray[Any], window: Window) -> NDArray[np.uint8]:
    """Values to 0…255. A width below 1 is taken as 1."""
    x, center, width = values.astype(np.float32), window.center, max(window.width, 1.0)
    if window.function == "sigmoid":
        scaled = 255.0 / (1.0 + np.exp(np.clip(-4.0 * (x - center) / width, -80, 80)))
    elif window.function == "linear-exact" or width == 1.0:
        scaled = ((x - center) / width + 0.5) * 255.0
    else:
        scaled = ((x - (center - 0.5)) / (width - 1.0) + 0.5) * 255.0
    eight_bit: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return eight_bit


def full_range(values: NDArray[Any]) -> Window:
    """The window that shows every value."""
    low, high = float(values.min()), float(values.max())
    return Window(center=(low + high) / 2 + 0.5, width=max(high - low + 1.0, 1.0))


def picture(
    pixels: NDArray[np.uint8], format_: Format, *, quality: int = 90, fit: tuple[int, int] | None = None
) -> bytes:
    """PNG or JPEG of (rows, columns) or (rows, columns, 3); `fit` is the box (width, height) it is scaled into."""
    image = Image.fromarray(pixels)
    if fit is not None:
        scale = min(fit[0] / image.width, fit[1] / image.height)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BILINEAR)
    out = io.BytesIO()
    if format_ == "png":
        image.save(out, "PNG", compress_level=1)
    else:
        image.save(out, "JPEG", quality=quality)
    return out.getvalue()
