"""Where the frames of an instance lie in its file, so that one can be sent without parsing the file.

Source: PS3.5 8.1 (native), A.4 (encapsulated: basic offset table and fragments).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from imaging.codecs import is_native
from imaging.pixels import PixelDescription
from imaging.pixels_fragments import fragments, frame_chunks
from imaging.series_header import InstanceHeader

_ITEM_HEADER_BYTES = 8

Ranges = list[tuple[int, int]]


def frame_table(header: InstanceHeader, content: bytes) -> dict[str, Any] | None:
    """The table of an image, or None where its frames must be decoded to be sent (deflated, big endian, single bits).

    Native: {"offset", "length"}, frame i begins at offset + i × length. Encapsulated: {"frames": [[[offset, length], …], …]},
    the fragments of each frame. Raises PixelDataError where the pixel data do not hold the frames declared.
    """
    if header.pixel_data is None or not header.is_image or not header.offsets_in_file:
        return None
    description = PixelDescription.of(header)
    _, offset, length = header.pixel_data
    if is_native(header.transfer_syntax_uid):
        if not header.little_endian or header.bits_allocated < 8 or description.is_422:
            return None
        return {"offset": offset, "length": description.frame_bytes}
    value = memoryview(content)[offset : len(content) if length is None else offset + length]
    table, parts = fragments(value, header.path)
    first = offset + _ITEM_HEADER_BYTES + 4 * len(table)
    places = ([first + start + _ITEM_HEADER_BYTES, len(data)] for start, data in parts)
    return {"frames": [[next(places) for _ in frame] for frame in frame_chunks(value, description.frames, header.path)]}


def frame_ranges(table: dict[str, Any], frame_index: int) -> Ranges:
    """The (offset, length) pieces of one frame, counted from 0. Raises IndexError past the last."""
    if frame_index < 0:
        raise IndexError(frame_index)
    if "frames" in table:
        return [(offset, length) for offset, length in table["frames"][frame_index]]
    return [(table["offset"] + frame_index * table["length"], table["length"])]


def joined(ranges: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The one range that covers several."""
    pieces = list(ranges)
    start = min(offset for offset, _ in pieces)
    return start, max(offset + length for offset, length in pieces) - start
