"""PNG, COCO and YOLO: what other programs read back is the label map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imaging.convert.preview import Window, coco_document, write_png, write_previews, yolo_lines
from imaging.errors import InputError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import LabelMap, SegmentDescription

GRID = VolumeGeometry((0, 0, 0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), (1, 1, 1), (3, 20, 30))


@pytest.fixture
def labelmap() -> LabelMap:
    array = np.zeros(GRID.size, np.uint8)
    array[0, 4:10, 6:16] = 1
    array[2, 2:18, 3:20] = 2
    array[2, 6:9, 8:12] = 0  # a hole
    array[2, 12:15, 25:28] = 1
    return LabelMap(array, GRID, (SegmentDescription(1, "Nodule"), SegmentDescription(2, "Ring")))


def test_coco_masks_come_back_pixel_by_pixel(labelmap: LabelMap) -> None:
    document = coco_document(labelmap, ["a.png", "b.png", "c.png"])
    assert [image["file_name"] for image in document["images"]] == ["a.png", "b.png", "c.png"]
    assert [(a["image_id"], a["category_id"], a["iscrowd"]) for a in document["annotations"]] == [
        (1, 1, 0),
        (3, 1, 0),
        (3, 2, 1),
    ]
    for annotation in document["annotations"]:
        mask = labelmap.mask(annotation["category_id"])[annotation["image_id"] - 1]
        assert annotation["area"] == mask.sum()
        left, top, width, height = annotation["bbox"]
        assert mask[top : top + height, left : left + width].sum() == mask.sum()
        assert np.array_equal(_decoded(annotation["segmentation"], mask.shape), mask)


def _decoded(segmentation: object, shape: tuple[int, int]) -> np.ndarray:
    """As COCO's own tools do: RLE down the columns; polygons by pixel centres, here with another rasteriser."""
    if isinstance(segmentation, dict):
        values = np.repeat(np.arange(len(segmentation["counts"])) % 2, segmentation["counts"])
        return values.reshape(segmentation["size"], order="F").astype(bool)
    assert isinstance(segmentation, list)
    big = Image.new("1", (shape[1] * 10, shape[0] * 10))
    for polygon in segmentation:
        ImageDraw.Draw(big).polygon([10 * value for value in polygon], fill=1)
    return np.asarray(big)[5::10, 5::10]


def test_yolo_boxes_are_fractions_of_the_image(labelmap: LabelMap) -> None:
    assert yolo_lines(labelmap, 0) == ["0 0.366667 0.350000 0.333333 0.300000"]
    assert yolo_lines(labelmap, 1) == []
    assert [line.split()[0] for line in yolo_lines(labelmap, 2)] == ["0", "1"]
    (polygon,) = yolo_lines(labelmap, 0, kind="polygon")
    numbers = [float(v) for v in polygon.split()[1:]]
    assert min(numbers[::2]) * 30 == pytest.approx(6, abs=1e-4) and max(numbers[::2]) * 30 == pytest.approx(
        16, abs=1e-4
    )


def test_one_name_per_slice(labelmap: LabelMap) -> None:
    with pytest.raises(InputError):
        coco_document(labelmap, ["a.png"])


def test_png_shows_the_window_and_nothing_else(tmp_path: Path) -> None:
    plane = np.array([[-1000, 40], [240, 3000]], np.int16)
    write_png(tmp_path / "a.png", plane, Window(40, 400))
    write_png(tmp_path / "b.png", plane, Window(40, 400))
    image = Image.open(tmp_path / "a.png")
    assert np.asarray(image).tolist() == [[0, 128], [255, 255]]
    assert image.info == {}
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_previews_colour_only_what_is_labelled(tmp_path: Path, labelmap: LabelMap) -> None:
    written = write_previews(labelmap, np.full(GRID.size, 100, np.int16), tmp_path, window=Window(100, 400))
    assert [path.name for path in written] == ["slice_0000.png", "slice_0002.png"]
    pixels = np.asarray(Image.open(written[0])).astype(int)
    coloured = np.ptp(pixels, axis=2) > 0
    assert np.array_equal(coloured, labelmap.mask(1)[0])
