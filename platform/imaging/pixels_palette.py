"""Palette colour lookup tables, plain and segmented.

Source: DICOM PS3.3 C.7.6.3.1.5, C.7.6.3.1.6 (palette colour lookup tables), C.7.9.2 (segmented tables).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.errors import PixelDataError
from imaging.scan_sequence import REMEDY

Array = NDArray[Any]


def palette_table(dataset: Dataset, colour: str) -> Array:
    """The 8-bit table of one colour ("Red", "Green", "Blue"). Raises PixelDataError where it is too short."""
    descriptor = dataset[f"{colour}PaletteColorLookupTableDescriptor"].value
    entries = int(descriptor[0]) or 65536
    bits = int(descriptor[2])
    segmented = f"Segmented{colour}PaletteColorLookupTableData"
    order = ">" if dataset.original_encoding[1] is False else "<"
    plain = dataset.get(f"{colour}PaletteColorLookupTableData")
    if plain is not None:
        raw = bytes(plain)
        # 8-bit entries may be packed two to a word or one to a word (PS3.3 C.7.9.2.1).
        words = np.frombuffer(raw[: len(raw) // 2 * 2], order + "u2")
        table = words if bits == 16 or len(raw) >= 2 * entries else None
        values: Array = np.frombuffer(raw, "u1") if table is None else table
    else:
        values = segmented_palette(bytes(dataset[segmented].value), bits, entries, order)
    if len(values) < entries:
        raise PixelDataError(
            "A palette is shorter than its descriptor says", remedy=REMEDY, tag="(0028,1101)", code="short-palette"
        )
    values = values[:entries]
    if bits == 16 and values.max(initial=0) > 255:
        values = np.right_shift(values, 8)
    eight_bit: Array = values.astype(np.uint8)
    return eight_bit


def segmented_palette(raw: bytes, bits: int, entries: int, order: str = "<") -> Array:
    """Expand discrete (0), linear (1) and indirect (2) segments (PS3.3 C.7.9.2). Raises PixelDataError."""
    width = 2 if bits == 16 else 1
    words = np.frombuffer(raw[: len(raw) // width * width], f"{order}u{width}").astype(np.int64)
    table: list[int] = []
    position = 0
    while position + 1 < len(words) and len(table) < entries:
        if words[position] == 2:
            position = _repeat(words, position, width, table)
        else:
            position = _segment(words, position, table)
    return np.array(table, dtype=np.uint16)


def _segment(words: NDArray[np.int64], position: int, table: list[int]) -> int:
    """Append one discrete or linear segment; returns where the next begins."""
    kind, count = int(words[position]), int(words[position + 1])
    if kind == 0 and position + 2 + count <= len(words):
        table += [int(value) for value in words[position + 2 : position + 2 + count]]
        return position + 2 + count
    if kind == 1 and table and position + 2 < len(words):
        steps = np.linspace(table[-1], int(words[position + 2]), count + 1)[1:]
        table += [int(value) for value in np.rint(steps)]
        return position + 3
    raise _damaged()


def _repeat(words: NDArray[np.int64], position: int, width: int, table: list[int]) -> int:
    """Append segments that were given before, named by their byte offset; they are never indirect themselves."""
    if position + 3 >= len(words):
        raise _damaged()
    low, high = int(words[position + 2]), int(words[position + 3])
    place = (low | high << 8 * width) // width
    for _ in range(int(words[position + 1])):
        if not 0 <= place < position or words[place] == 2:
            raise _damaged()
        place = _segment(words, place, table)
    return position + 4


def _damaged() -> PixelDataError:
    return PixelDataError("A segmented palette is damaged", remedy=REMEDY, tag="(0028,1221)", code="bad-palette")
