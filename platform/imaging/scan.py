"""A fast walk over the top level of a DICOM file: which elements are there, and where their bytes lie.

pydicom builds an object per element; a folder of slices needs forty values of each file and nothing else. The walk
here reads one block of the file, never recurses, never trusts a length, and stops at the pixel data.

Source: DICOM PS3.5 section 7 (data set encoding), PS3.10 section 7 (file meta information).
"""

from __future__ import annotations

import mmap
import os
import stat
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pydicom.dataset import Dataset

from imaging.errors import UnreadableFileError
from imaging.scan_sequence import (
    LONG_VRS,
    MAX_NESTING,
    REMEDY,
    UNDEFINED,
    MoreBytesNeeded,
    skip_sequence,
    tag_text,
    truncated,
)

__all__ = [
    "MAX_NESTING",
    "PIXEL_DATA_TAGS",
    "Element",
    "RawHeader",
    "Source",
    "name_of",
    "read_bytes",
    "scan",
    "tag_text",
]

Source = Path | str | bytes | BinaryIO | Dataset
"""Where an instance comes from: a path, the bytes of a file, an open binary file, or a parsed data set."""

FIRST_BLOCK = 16 * 1024
MAX_INFLATED_BYTES = 4 << 30
MAX_ELEMENTS = 100_000

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED_LE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE = "1.2.840.10008.1.2.2"

PIXEL_DATA_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_SHORT_VRS = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS"}
    | {b"ST", b"TM", b"UI", b"UL", b"US"}
)
_KNOWN_VRS = LONG_VRS | _SHORT_VRS


@dataclass(slots=True)
class Element:
    """Where one element's value lies in the buffer of its `RawHeader`. `length` is None where undefined."""

    vr: bytes
    offset: int
    length: int | None


@dataclass(slots=True)
class RawHeader:
    """The top-level elements of one file, up to and including its pixel data.

    `buffer`     bytes the offsets point into: the file's head, or the whole inflated file.
    `in_file`    whether offsets are also offsets in the file on disk.
    `size`       bytes of the whole file (inflated).
    `pixel_data` tag and place of Pixel Data, Float Pixel Data or Double Float Pixel Data.
    `issues`     departures from the standard that did not stop the walk, as (code, tag).
    """

    buffer: bytes | mmap.mmap
    size: int
    transfer_syntax_uid: str
    little_endian: bool
    elements: dict[int, Element] = field(default_factory=dict)
    pixel_data: tuple[int, Element] | None = None
    in_file: bool = True
    issues: list[tuple[str, str]] = field(default_factory=list)

    def value(self, tag: int) -> bytes:
        """The raw bytes of one element; empty where it is absent or has undefined length."""
        element = self.elements.get(tag)
        if element is None or not element.length:
            return b""
        return bytes(memoryview(self.buffer)[element.offset : element.offset + element.length])


def name_of(source: Source) -> str | None:
    """The path as the caller gave it; None for data held in memory."""
    if isinstance(source, (str, Path)):
        return str(source)
    return None


def read_bytes(source: Path | str | bytes | BinaryIO) -> bytes:
    """All bytes of a source; an open file is read from its start and left there.

    Raises UnreadableFileError where the file cannot be opened.
    """
    if isinstance(source, bytes):
        return source
    if isinstance(source, (str, Path)):
        try:
            return Path(source).read_bytes()
        except OSError as error:
            raise _cannot_open(source, error) from error
    source.seek(0)
    data = source.read()
    source.seek(0)
    return data


def scan(source: Path | str | bytes | BinaryIO) -> RawHeader:
    """Walk the header of one file.

    Raises UnreadableFileError (with a code of its own for empty, non-DICOM, truncated, too deeply nested files).
    """
    name = name_of(source) if not isinstance(source, bytes) else None
    if not isinstance(source, (str, Path)):
        data = read_bytes(source)
        return _walk_file(data, len(data), name)
    try:
        # Non-blocking, so that a pipe in a delivery folder is refused below and not waited for.
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise _cannot_open(source, error) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _cannot_open(source, ValueError())
        size = status.st_size
        block = os.read(descriptor, FIRST_BLOCK)
        try:
            return _walk_file(block, size, name)
        except MoreBytesNeeded:
            with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as mapped:
                raw = _walk_file(mapped, size, name)
                end = max((e.offset + (e.length or 0) for e in raw.elements.values()), default=0)
                # Only the head is kept: a header that points into a map of the file would pin thousands of files.
                raw.buffer = raw.buffer if raw.transfer_syntax_uid == DEFLATED_LE else mapped[:end]
                return raw
    except OSError as error:
        raise _cannot_open(source, error) from error
    finally:
        os.close(descriptor)


def _cannot_open(source: Path | str, error: Exception) -> UnreadableFileError:
    reason = error.strerror if isinstance(error, OSError) else "not a regular file"
    return UnreadableFileError(
        f"The file cannot be opened: {reason}",
        remedy="Check that it is a file and that it may be read.",
        path=source,
        code="cannot-open",
    )


def _walk_file(data: Any, size: int, name: str | None) -> RawHeader:
    if size == 0:
        raise UnreadableFileError("The file is empty", remedy=REMEDY, path=name, code="empty-file")
    start, syntax, issues = _file_meta(data, size, name)
    complete = len(data) >= size
    if syntax == DEFLATED_LE:
        if not complete:
            raise MoreBytesNeeded
        data = _inflate(bytes(data[start:]), name)
        raw = RawHeader(data, len(data), syntax, True, in_file=False, issues=issues)
        _walk(raw, 0, False, name)
        if not raw.elements:
            raise _not_dicom(name)
        return raw
    guessed = _encoding_at(data, start)
    if not syntax:
        syntax = guessed or IMPLICIT_LE
        issues.append(("transfer-syntax-missing", "(0002,0010)"))
    implicit = syntax == IMPLICIT_LE
    if guessed is not None and guessed != IMPLICIT_LE and implicit:
        implicit = False
        issues.append(("transfer-syntax-contradicts-encoding", "(0002,0010)"))
    elif guessed == IMPLICIT_LE and not implicit:
        implicit = True
        issues.append(("transfer-syntax-contradicts-encoding", "(0002,0010)"))
    raw = RawHeader(data, size, syntax, syntax != EXPLICIT_BE, issues=issues)
    _walk(raw, start, implicit, name)
    if not raw.elements:
        raise _not_dicom(name)
    return raw


def _not_dicom(name: str | None) -> UnreadableFileError:
    return UnreadableFileError(
        "The file is not DICOM",
        remedy="Leave it out of the delivery, or unpack it first if it is an archive.",
        path=name,
        code="not-dicom",
    )


def _inflate(data: bytes, name: str | None) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(data, min(MAX_INFLATED_BYTES, 2000 * len(data) + 1024))
    except zlib.error as error:
        raise UnreadableFileError(
            "The deflated data set is damaged", remedy=REMEDY, path=name, tag="(0002,0010)", code="damaged-deflate"
        ) from error
    if not inflater.eof and not inflated:
        raise UnreadableFileError(
            "The deflated data set is cut short", remedy=REMEDY, path=name, tag="(0002,0010)", code="damaged-deflate"
        )
    return inflated


def _file_meta(data: Any, size: int, name: str | None) -> tuple[int, str, list[tuple[str, str]]]:
    """Where the data set starts, its transfer syntax ('' where unsaid), and what was wrong with the meta group."""
    issues: list[tuple[str, str]] = []
    if data[128:132] == b"DICM":
        start = 132
    else:
        if size < 16 or not _looks_like_dataset(data):
            raise _not_dicom(name)
        start = 0
        issues.append(("preamble-missing", ""))
    position, syntax = start, b""
    while position + 8 <= len(data):
        group, element, vr, length = struct.unpack_from("<HH2sH", data, position)
        if group != 2:
            break
        header = 8
        if vr in LONG_VRS:
            if position + 12 > len(data):
                break
            (length,) = struct.unpack_from("<I", data, position + 8)
            header = 12
        elif vr not in _SHORT_VRS:
            (length,) = struct.unpack_from("<I", data, position + 4)
            issues.append(("wrong-vr", tag_text(0x00020000 | element)))
        end = position + header + length
        if end > size:
            raise truncated(name, 0x00020000 | element)
        if element == 0x0010 and end <= len(data):
            syntax = bytes(data[position + header : end]).rstrip(b"\0 ")
        position = end
    if position == start:
        issues.append(("file-meta-missing", "(0002,0000)"))
    if position > len(data) or (position + 8 > len(data) and len(data) < size):
        raise MoreBytesNeeded
    return position, syntax.decode("ascii", "replace"), issues


def _looks_like_dataset(data: Any) -> bool:
    """Whether bytes without a preamble begin with an element of group 0002 or 0008 of believable length."""
    little = struct.unpack_from("<HH", data, 0)
    big = struct.unpack_from(">HH", data, 0)
    for group, element in (little, big):
        if group in (0x0002, 0x0004, 0x0008) and element <= 0x1200:
            explicit = bytes(data[4:6]) in _KNOWN_VRS
            (length,) = struct.unpack_from("<I" if (group, element) == little else ">I", data, 4)
            return explicit or length <= 1024
    return False


def _encoding_at(data: Any, position: int) -> str | None:
    """What the first element of the data set looks like: the transfer syntax of its encoding."""
    if position + 8 > len(data):
        return None
    group, element, vr = struct.unpack_from("<HH2s", data, position)
    if vr in _KNOWN_VRS:
        return EXPLICIT_BE if group > 0x00FF and struct.unpack_from(">H", data, position)[0] <= 0x00FF else EXPLICIT_LE
    return IMPLICIT_LE


def _walk(raw: RawHeader, position: int, implicit: bool, name: str | None) -> None:
    order = "<" if raw.little_endian else ">"
    short = struct.Struct(order + "HH2sH").unpack_from
    long = struct.Struct(order + "I").unpack_from
    data, size, elements = raw.buffer, raw.size, raw.elements
    view: Any = data
    end = len(view)
    last = -1
    steps = 0
    while position + 8 <= size:
        if position + 8 > end:
            raise MoreBytesNeeded
        group, number, vr, length = short(view, position)
        tag = group << 16 | number
        if group == 0:
            break
        steps += 1
        header = 8
        if implicit:
            (length,) = long(view, position + 4)
            vr = b"  "
        elif vr in LONG_VRS:
            if position + 12 > end:
                if position + 12 > size:
                    raise truncated(name, tag)
                raise MoreBytesNeeded
            (length,) = long(view, position + 8)
            header = 12
        elif vr not in _SHORT_VRS:
            if not _plausible_tag(tag, last):
                break
            raw.issues.append(("wrong-vr", tag_text(tag)))
            if not vr.isalpha():
                # An element written without a VR in an explicit data set: its length takes all four bytes.
                (length,) = long(view, position + 4)
        position += header
        if tag in PIXEL_DATA_TAGS:
            place = Element(vr, position, None if length == UNDEFINED else length)
            raw.pixel_data = (tag, place)
            return
        if length == UNDEFINED:
            elements[tag] = Element(vr, position, None)
            position = skip_sequence(view, position, size, implicit or vr == b"UN", order, name, tag)
        else:
            if position + length > size:
                raise truncated(name, tag)
            elements[tag] = Element(vr, position, length)
            position += length
            if position > end and position <= size and tag <= 0x7FE00000:
                raise MoreBytesNeeded
        last = tag
        if steps > MAX_ELEMENTS:
            raise UnreadableFileError(
                "The file holds more elements than any image does", remedy=REMEDY, path=name, code="too-many-elements"
            )
    trailing = size - position
    if trailing > 0:
        raw.issues.append(("trailing-bytes", tag_text(max(last, 0))))


def _plausible_tag(tag: int, last: int) -> bool:
    return tag > last and tag >> 16 != 0
