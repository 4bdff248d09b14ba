"""Reading a whole data set with pydicom, fenced: what the file breaks becomes a typed error, never a crash or a hang.

Source: DICOM PS3.5 section 7.5 (nesting of data sets).
"""

from __future__ import annotations

import io
import logging
import struct
import warnings
import zlib
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException

from imaging.errors import UnreadableFileError
from imaging.scan import MAX_NESTING, Source, name_of, read_bytes, scan, tag_text

PARSER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BytesLengthException,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pydicom and its value converters raise on bytes that are not what they claim to be."""

_ITEM_BYTES = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")

# pydicom repeats the offending value in its warnings and log lines; values may identify a patient.
logging.getLogger("pydicom").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", module=r"pydicom\..*")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE


def read_dataset(source: Source, *, pixels: bool = True) -> Dataset:
    """The whole data set of a source, or all of it before the pixel data.

    Raises UnreadableFileError where the file is not DICOM, damaged, or nested deeper than any real object.
    """
    if isinstance(source, Dataset):
        return source
    name = None if isinstance(source, bytes) else name_of(source)
    raw = scan(source)
    for tag, element in raw.elements.items():
        looks_like_sequence = (
            element.vr in (b"SQ", b"UN", b"  ") and element.length and element.length > 8 * MAX_NESTING
        )
        if looks_like_sequence and _depth_exceeds(raw.value(tag)):
            raise UnreadableFileError(
                f"Sequences are nested deeper than {MAX_NESTING} levels",
                remedy="Refuse the file: no real object nests so deeply.",
                path=name,
                tag=tag_text(tag),
                code="nested-too-deep",
            )
    stream = source if isinstance(source, (str, Path)) else io.BytesIO(read_bytes(source))
    try:
        return pydicom.dcmread(stream, force=True, stop_before_pixels=not pixels)
    except PARSER_ERRORS as error:
        raise damaged(name, error) from error


def damaged(name: str | None, error: Exception) -> UnreadableFileError:
    """The refusal for a data set whose parser gave up; the parser's words stay in the cause, not in the message."""
    return UnreadableFileError(
        f"The data set is damaged ({type(error).__name__})",
        remedy="Ask the sender for the file again; compare its size and checksum with the original.",
        path=name,
        code="damaged-dataset",
    )


def _depth_exceeds(value: bytes) -> bool:
    """Whether items of defined length start inside each other more often than MAX_NESTING.

    Each nested item must start with a sequence element, so a bound on depth is the number of item tags; only where
    that is high enough is the nesting followed, level by level and without recursion.
    """
    for item, order in zip(_ITEM_BYTES, ("<", ">"), strict=True):
        if value.count(item) > MAX_NESTING and _nesting(value, item, order) > MAX_NESTING:
            return True
    return False


def _nesting(value: bytes, item: bytes, order: str) -> int:
    """The greatest number of items that enclose one place, taking every item tag at its word."""
    ends: list[int] = []
    deepest = 0
    position = value.find(item)
    while position != -1 and position + 8 <= len(value):
        (length,) = struct.unpack_from(order + "I", value, position + 4)
        while ends and ends[-1] <= position:
            ends.pop()
        ends.append(len(value) if length == 0xFFFFFFFF else position + 8 + length)
        if length == 0xFFFFFFFF:
            # The delimiter closes it; a flat list of such items must not count as a tower.
            close = value.find(_delimiter(order), position + 8)
            ends[-1] = len(value) if close == -1 else max(close, position + 8)
        deepest = max(deepest, len(ends))
        if deepest > MAX_NESTING:
            break  # deep enough to refuse; following a hostile tower to its end would take quadratic time
        position = value.find(item, position + 8)
    return deepest


def _delimiter(order: str) -> bytes:
    return struct.pack(order + "HHI", 0xFFFE, 0xE00D, 0)
