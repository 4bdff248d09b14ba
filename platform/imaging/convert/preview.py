"""Two-dimensional exports: PNG previews, COCO and YOLO annotations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.errors import InputError
from imaging.labelmap import LabelMap, SegmentDescription
from imaging.rtstruct.trace import half_level_contours, outlines

Array = NDArray[Any]

_PALETTE = ((230, 25, 75), (60, 180, 75), (255, 225, 25), (0, 130, 200), (245, 130, 48), (145, 30, 180), (70, 240, 240))
_OPACITY = 0.4


@dataclass(frozen=True)
class Window:
    """Window centre and width in modality values (PS3.3 C.11.2.1.2.1, the linear function)."""

    center: float
    width: float

    @classmethod
    def of(cls, values: Array) -> Window:
        """From the 1st to the 99th percentile of the values."""
        low, high = (float(v) for v in np.percentile(values, (1, 99)))
        return cls((low + high) / 2, max(high - low, 1.0))

    def apply(self, values: Array) -> NDArray[np.uint8]:
        """Values → grey 0 to 255."""
        scaled = (values.astype(np.float32) - (self.center - 0.5)) / max(self.width - 1, 1e-6) + 0.5
        grey: NDArray[np.uint8] = np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
        return grey


def write_png(
    path: Path, plane: Array, window: Window | None = None, masks: Sequence[tuple[SegmentDescription, Array]] = ()
) -> None:
    """One `[row, column]` plane as PNG, segments over it in their colours. No text chunk, no time: pixels only."""
    grey = (window or Window.of(plane)).apply(plane)
    image = Image.fromarray(grey) if not masks else Image.fromarray(_overlay(grey, masks))
    image.save(path, format="PNG", optimize=False, compress_level=6)


def write_rgb_png(path: Path, frame: Array) -> None:
    """One `[row, column, sample]` colour frame, 8 bits, or the upper 8 of 16."""
    colour = frame if frame.dtype == np.uint8 else (frame.astype(np.uint16) >> 8).astype(np.uint8)
    Image.fromarray(np.ascontiguousarray(colour)).save(path, format="PNG", optimize=False, compress_level=6)


def _overlay(grey: NDArray[np.uint8], masks: Sequence[tuple[SegmentDescription, Array]]) -> NDArray[np.uint8]:
    colour = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    for segment, mask in masks:
        rgb = segment.recommended_rgb or _PALETTE[(segment.number - 1) % len(_PALETTE)]
        colour[mask] = (1 - _OPACITY) * colour[mask] + _OPACITY * np.array(rgb, np.float32)
    return np.rint(colour).astype(np.uint8)


def write_previews(
    labelmap: LabelMap | None, values: Array, out_dir: Path, *, name: str = "slice", window: Window | None = None
) -> list[Path]:
    """One PNG per slice that holds a label, or per slice where there is no label map; one window for all."""
    window = window or Window.of(values)
    written = []
    for index in range(len(values)):
        masks = [] if labelmap is None else slice_masks(labelmap, index)
        if labelmap is None or masks:
            path = out_dir / f"{name}_{index:04d}.png"
            write_png(path, values[index], window, masks)
            written.append(path)
    return written


def slice_masks(labelmap: LabelMap, index: int) -> list[tuple[SegmentDescription, Array]]:
    """The segments that hold a voxel of slice `index`, with their `[row, column]` masks."""
    found = []
    for place, segment in enumerate(labelmap.segments):
        mask = labelmap.masks[place][index] if labelmap.array is None else labelmap.array[index] == segment.number
        if mask.any():
            found.append((segment, mask))
    return found


def coco_document(labelmap: LabelMap, image_names: Sequence[str]) -> dict[str, Any]:
    """A COCO instance annotation document: one image per slice, an annotation per connected outline.

    Polygons run along the half level in COCO's pixel coordinates, where the centre of the first pixel is (0.5, 0.5).
    COCO polygons have no holes, so a segment with a hole is given as uncompressed RLE, which loses nothing.
    Raises `InputError` where there are not as many names as slices.
    """
    if len(image_names) != labelmap.geometry.size[0]:
        raise InputError("There is not one image name per slice", remedy="Name every slice.")
    _, rows, columns = labelmap.geometry.size
    annotations: list[dict[str, Any]] = []
    for index in range(len(image_names)):
        for segment, mask in slice_masks(labelmap, index):
            annotation = {
                "id": len(annotations) + 1,
                "image_id": index + 1,
                "category_id": segment.number,
                "segmentation": _coco_segmentation(mask),
                "area": int(np.count_nonzero(mask)),
                "bbox": _box(mask),
                "iscrowd": 0,
            }
            annotation["iscrowd"] = 1 if isinstance(annotation["segmentation"], dict) else 0
            annotations.append(annotation)
    return {
        "images": [
            {"id": index + 1, "file_name": name, "width": columns, "height": rows}
            for index, name in enumerate(image_names)
        ],
        "annotations": annotations,
        "categories": [
            {"id": segment.number, "name": segment.label, "supercategory": segment.category.meaning}
            for segment in labelmap.segments
        ],
    }


def write_coco(labelmap: LabelMap, image_names: Sequence[str], path: Path) -> None:
    """`coco_document` as JSON."""
    path.write_text(json.dumps(coco_document(labelmap, image_names), separators=(",", ":")) + "\n", "utf-8")


def yolo_lines(labelmap: LabelMap, index: int, *, kind: Literal["box", "polygon"] = "box") -> list[str]:
    """The lines of a YOLO label file for slice `index`: class from 0, coordinates as fractions of width and height.

    Classes follow the order of the segments. An empty list is an image without a finding, and still is a file.
    """
    _, rows, columns = labelmap.geometry.size
    classes = {segment.number: place for place, segment in enumerate(labelmap.segments)}
    lines = []
    for segment, mask in slice_masks(labelmap, index):
        if kind == "box":
            left, top, width, height = _box(mask)
            numbers = [(left + width / 2) / columns, (top + height / 2) / rows, width / columns, height / rows]
            lines.append(_line(classes[segment.number], numbers))
            continue
        for polygon in outlines(mask):
            xy = (polygon[:, ::-1] + 0.5) / (columns, rows)
            lines.append(_line(classes[segment.number], xy.ravel().tolist()))
    return lines


def _line(class_index: int, numbers: Sequence[float]) -> str:
    return " ".join([str(class_index), *(f"{number:.6f}" for number in numbers)])


def _box(mask: Array) -> list[int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1]


def _coco_segmentation(mask: Array) -> list[list[float]] | dict[str, Any]:
    polygons = half_level_contours(mask)
    if len(outlines(mask)) != len(polygons):
        return {"size": list(mask.shape), "counts": _run_lengths(mask)}
    return [(polygon[:, ::-1] + 0.5).ravel().tolist() for polygon in polygons]


def _run_lengths(mask: Array) -> list[int]:
    """COCO's uncompressed RLE: runs of 0 and 1 in turn down the columns, beginning with 0."""
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    bounds = np.concatenate([[0], changes, [flat.size]])
    runs = [int(run) for run in np.diff(bounds)]
    return [0, *runs] if flat[0] else runs
