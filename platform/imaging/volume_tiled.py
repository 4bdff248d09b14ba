"""Whole-slide levels and parts of them, put together from tiles.

Source: DICOM PS3.3 C.7.6.17.3 (Total Pixel Matrix).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.enhanced_tiled import tile_layout
from imaging.errors import InputError, PixelDataError
from imaging.pixels import FrameReader
from imaging.scan_dataset import PARSER_ERRORS, damaged, read_dataset
from imaging.series import VolumeStack

MAX_REGION_BYTES = 2 << 30


def load_region(
    stack: VolumeStack, *, row: int = 0, column: int = 0, rows: int | None = None, columns: int | None = None
) -> NDArray[Any]:
    """A rectangle of a level's total pixel matrix: (rows, columns[, samples]), stored values; absent tiles are zero.

    Without a rectangle, the whole level. Raises InputError where the rectangle leaves the matrix, PixelDataError
    where it is too large to hold or a tile is damaged.
    """
    header = stack.frames[0].header
    dataset = read_dataset(header.source, pixels=False)
    try:
        layout = tile_layout(dataset, header)
    except PARSER_ERRORS as error:
        raise damaged(header.path, error) from error
    rows = layout.rows - row if rows is None else rows
    columns = layout.columns - column if columns is None else columns
    if min(row, column) < 0 or min(rows, columns) < 1 or row + rows > layout.rows or column + columns > layout.columns:
        raise InputError("The region leaves the total pixel matrix", remedy="Ask for a part of it.", path=header.path)
    with FrameReader(header) as reader:
        description = reader.description
        shape = (rows, columns, *description.shape[2:])
        if int(np.prod(shape, dtype=object)) * description.dtype.itemsize > MAX_REGION_BYTES:
            raise PixelDataError(
                "The region is larger than 2 GiB",
                remedy="Load a smaller region or a coarser level.",
                path=header.path,
                code="absurd-size",
            )
        region = np.zeros(shape, description.dtype)
        for index, (top, left) in enumerate(layout.corners):
            first = max(row, int(top)), max(column, int(left))
            last = min(row + rows, int(top) + header.rows), min(column + columns, int(left) + header.columns)
            if first[0] < last[0] and first[1] < last[1]:
                tile = reader.frame(index)
                region[first[0] - row : last[0] - row, first[1] - column : last[1] - column] = tile[
                    first[0] - top : last[0] - top, first[1] - left : last[1] - left
                ]
    return region
