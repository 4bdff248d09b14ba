"""Which fragments of encapsulated pixel data make which frame.

Source: DICOM PS3.5 annex A.4 (encapsulation), PS3.3 C.7.6.3.1.8 (extended offset table).
"""

from __future__ import annotations

import struct

from imaging.errors import PixelDataError

_ITEM = b"\xfe\xff\x00\xe0"
_END = b"\xfe\xff\xdd\xe0"
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")


def _damaged(path: str | None, detail: str) -> PixelDataError:
    return PixelDataError(
        detail,
        remedy="Ask the sender for the file again.",
        path=path,
        tag="(7FE0,0010)",
        code="bad-encapsulation",
    )


def end_of_fragments(value: memoryview) -> int:
    """The offset after the sequence delimiter, or the length of the value where the fragments are damaged."""
    position = 0
    while position + 8 <= len(value):
        tag = bytes(value[position : position + 4])
        (length,) = struct.unpack_from("<I", value, position + 4)
        if tag == _END:
            return position + 8
        if tag != _ITEM or length == 0xFFFFFFFF:
            break
        position += 8 + length
    return len(value)


def fragments(value: memoryview, path: str | None) -> tuple[list[int], list[tuple[int, memoryview]]]:
    """The basic offset table, and each fragment with its offset from the first fragment's item tag.

    Lengths are followed, so bytes that look like a delimiter inside a fragment do no harm. Raises PixelDataError.
    """
    position = 0
    items: list[tuple[int, memoryview]] = []
    while position + 8 <= len(value):
        tag = bytes(value[position : position + 4])
        (length,) = struct.unpack_from("<I", value, position + 4)
        if tag == _END:
            break
        if tag != _ITEM or length == 0xFFFFFFFF:
            raise _damaged(path, "The fragments of the pixel data do not follow each other")
        if position + 8 + length > len(value):
            raise _damaged(path, "The pixel data end inside a fragment")
        items.append((position, value[position + 8 : position + 8 + length]))
        position += 8 + length
    if not items:
        raise _damaged(path, "The pixel data hold no fragment")
    table = items[0][1]
    if len(table) % 4:
        raise _damaged(path, "The basic offset table is damaged")
    offsets = list(struct.unpack(f"<{len(table) // 4}I", table))
    base = items[0][0] + 8 + len(table)
    return offsets, [(start - base, data) for start, data in items[1:]]


def frame_chunks(value: memoryview, frames: int, path: str | None) -> list[list[memoryview]]:
    """For each frame the fragments that make it.

    Raises PixelDataError where the fragments cannot be divided among the frames with certainty.
    """
    offsets, parts = fragments(value, path)
    if len(parts) < frames:
        raise PixelDataError(
            f"The pixel data hold {len(parts)} fragments for {frames} frames",
            remedy="Ask the sender for the file again.",
            path=path,
            tag="(0028,0008)",
            code="pixel-data-short",
        )
    if frames == 1:
        return [[data for _, data in parts]]
    if len(parts) == frames:
        return [[data] for _, data in parts]
    starts = set(offsets)
    if len(offsets) != frames or not starts <= {start for start, _ in parts}:
        starts = {start for start, data in parts if bytes(data[:12]).startswith(_STARTS)}
    if len(starts) != frames or parts[0][0] not in starts:
        raise _damaged(path, f"{len(parts)} fragments cannot be divided into {frames} frames")
    chunks: list[list[memoryview]] = []
    for start, data in parts:
        if start in starts:
            chunks.append([])
        chunks[-1].append(data)
    return chunks
