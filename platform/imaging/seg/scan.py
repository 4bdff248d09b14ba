"""The three things a SEG's per-frame functional groups say, read from their bytes.

A SEG of 600 frames holds 15,000 elements; pydicom makes objects of all of them to read 1,800. Anything unusual
(undefined lengths, big endian, a truncated item) is left to pydicom. Source: PS3.5 7.1, 7.5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

_PER_FRAME = 0x52009230
_DERIVATION, _SOURCE_IMAGE, _SOP_INSTANCE = 0x00089124, 0x00082112, 0x00081155
_PLANE_POSITION, _IMAGE_POSITION = 0x00209113, 0x00200032
_SEGMENT, _SEGMENT_NUMBER = 0x0062000A, 0x0062000B

_UNDEFINED = 0xFFFFFFFF
_ITEM = struct.Struct("<HHI")
_SHORT = struct.Struct("<HH2sH")
_LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"))


class Unusual(Exception):
    """The bytes are not the plain case; read them with pydicom."""


@dataclass
class ScannedFrame:
    """What one item says; None where it does not."""

    segment_number: int | None = None
    position_lps: list[float] | None = None
    source_uids: list[str] = field(default_factory=list)


def scan_frames(ds: Dataset) -> list[ScannedFrame] | None:
    """One entry per frame, or None where the sequence was parsed already or is not the plain case."""
    element = ds.get_item(_PER_FRAME)
    if not isinstance(element, RawDataElement) or not element.is_little_endian or element.length == _UNDEFINED:
        return None
    data = element.value
    if not isinstance(data, bytes):
        return None
    try:
        return [_frame(data, start, stop, element.is_implicit_VR) for start, stop in _items(data, 0, len(data))]
    except (Unusual, struct.error, ValueError, UnicodeDecodeError):
        return None


def _frame(data: bytes, start: int, stop: int, is_implicit: bool) -> ScannedFrame:
    frame = ScannedFrame()
    for tag, first, last in _elements(data, start, stop, is_implicit):
        if tag == _PLANE_POSITION:
            position = _only(data, first, last, is_implicit, _IMAGE_POSITION)
            frame.position_lps = None if not position else [float(v) for v in position.split(b"\\")]
            if frame.position_lps is not None and len(frame.position_lps) != 3:
                raise Unusual
        elif tag == _SEGMENT:
            number = _only(data, first, last, is_implicit, _SEGMENT_NUMBER)
            frame.segment_number = None if number is None else int(struct.unpack("<H", number)[0])
        elif tag == _DERIVATION:
            frame.source_uids = list(_source_uids(data, first, last, is_implicit))
    return frame


def _source_uids(data: bytes, start: int, stop: int, is_implicit: bool) -> Iterator[str]:
    for item_start, item_stop in _items(data, start, stop):
        for tag, first, last in _elements(data, item_start, item_stop, is_implicit):
            if tag == _SOURCE_IMAGE:
                for image_start, image_stop in _items(data, first, last):
                    for inner, a, b in _elements(data, image_start, image_stop, is_implicit):
                        if inner == _SOP_INSTANCE:
                            yield data[a:b].rstrip(b"\0 ").decode("ascii")


def _only(data: bytes, start: int, stop: int, is_implicit: bool, wanted: int) -> bytes | None:
    """The value of one element of the first item of a sequence."""
    for item_start, item_stop in _items(data, start, stop):
        for tag, first, last in _elements(data, item_start, item_stop, is_implicit):
            if tag == wanted:
                return data[first:last]
        return None
    return None


def _items(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    while start < stop:
        group, element, length = _ITEM.unpack_from(data, start)
        if (group, element) != (0xFFFE, 0xE000) or length == _UNDEFINED or start + 8 + length > stop:
            raise Unusual
        yield start + 8, start + 8 + length
        start += 8 + length


def _elements(data: bytes, start: int, stop: int, is_implicit: bool) -> Iterator[tuple[int, int, int]]:
    """(tag, first byte, byte after the last) of each element between `start` and `stop`."""
    while start < stop:
        if is_implicit:
            group, element, length = _ITEM.unpack_from(data, start)
            first = start + 8
        else:
            group, element, vr, length = _SHORT.unpack_from(data, start)
            first = start + 8
            if vr in _LONG_VRS:
                (length,) = struct.unpack_from("<I", data, first)
                first += 4
        if length == _UNDEFINED or first + length > stop:
            raise Unusual
        yield group << 16 | element, first, first + length
        start = first + length
