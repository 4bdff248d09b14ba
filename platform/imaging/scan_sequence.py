"""Stepping over sequences without recursion, and what the header walk shares with it.

Source: DICOM PS3.5 section 7.5 (nesting of data sets).
"""

from __future__ import annotations

import struct
from typing import Any

from imaging.errors import UnreadableFileError

MAX_NESTING = 64
"""Deeper sequences are refused: no real object nests half as deep."""
UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
REMEDY = "Ask the sender for the file again; compare its size and checksum with the original."


class MoreBytesNeeded(Exception):
    """The walk ran past the block that was read, not past the file."""


def tag_text(tag: int) -> str:
    """`(gggg,eeee)`, as the standard prints a tag."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def truncated(name: str | None, tag: int) -> UnreadableFileError:
    return UnreadableFileError(
        "The file ends before the element does", remedy=REMEDY, path=name, tag=tag_text(tag), code="truncated-file"
    )


def skip_sequence(view: Any, position: int, size: int, implicit: bool, order: str, name: str | None, tag: int) -> int:
    """The offset after a sequence of undefined length, found without recursion.

    The stack holds, for each open level, whether it is a sequence (True) or an item (False), and its encoding.
    """
    long = struct.Struct(order + "I").unpack_from
    head = struct.Struct(order + "HH2sH").unpack_from
    stack = [(True, implicit)]
    end = len(view)
    while stack:
        if len(stack) > 2 * MAX_NESTING:
            raise UnreadableFileError(
                f"Sequences are nested deeper than {MAX_NESTING} levels",
                remedy="Refuse the file: no real object nests so deeply.",
                path=name,
                tag=tag_text(tag),
                code="nested-too-deep",
            )
        if position + 12 > end:
            if position + 8 > size:
                raise truncated(name, tag)
            if end < size:
                raise MoreBytesNeeded
        group, number, vr, length = head(view, position)
        inner = group << 16 | number
        in_sequence, level_implicit = stack[-1]
        if group == 0xFFFE or level_implicit:
            (length,) = long(view, position + 4)
            position += 8
        elif vr in LONG_VRS:
            if position + 12 > end:
                raise truncated(name, tag)
            (length,) = long(view, position + 8)
            position += 12
        else:
            position += 8
        if inner in (_SEQUENCE_END, _ITEM_END):
            if in_sequence != (inner == _SEQUENCE_END):
                raise _bad_sequence(name, tag)
            stack.pop()
        elif in_sequence:
            if inner != _ITEM:
                raise _bad_sequence(name, tag)
            if length == UNDEFINED:
                stack.append((False, level_implicit))
            else:
                position += length
        elif length == UNDEFINED:
            stack.append((True, level_implicit or vr == b"UN"))
        else:
            position += length
        if position > size:
            raise truncated(name, tag)
    return position


def _bad_sequence(name: str | None, tag: int) -> UnreadableFileError:
    return UnreadableFileError(
        "The items of a sequence do not follow each other",
        remedy=REMEDY,
        path=name,
        tag=tag_text(tag),
        code="damaged-sequence",
    )
