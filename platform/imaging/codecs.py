"""From the bytes of one encoded frame to an array of samples.

The codestream is looked at before it is decoded: one whose own size differs from Rows and Columns is refused, so a
damaged header can neither make a decoder allocate the world nor yield an image of another shape.

Source: DICOM PS3.5 section 8.2 and annex A.4; ITU-T T.81 (JPEG), T.87 (JPEG-LS), T.800 and T.814 (JPEG 2000, HTJ2K).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Literal

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from imaging.errors import PixelDataError, UnsupportedError

Array = NDArray[Any]
Kind = Literal["jpeg", "jpeg-lossless", "jpeg-ls", "jpeg2000", "jpeg-xl"]

RLE_LOSSLESS = "1.2.840.10008.1.2.5"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"
NATIVE = frozenset(
    {
        "1.2.840.10008.1.2",
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.1.98",
        "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.2",
    }
)
_VIDEO_FIRST, _VIDEO_LAST = 100, 108
_MAX_PADDING = 16
_REMEDY = "Ask the sender for the file again, uncompressed if need be."

_CODEC_ERRORS = (RuntimeError, ValueError, TypeError, OSError, MemoryError, IndexError, struct.error, zlib.error)


@dataclass(frozen=True, slots=True)
class Codestream:
    """What a codestream says about itself: `precision` in bits, `transformed` where samples are YCbCr inside."""

    kind: Kind
    rows: int
    columns: int
    samples: int
    precision: int
    colour: Literal["ycbcr", "rgb", "unsaid"]


def is_native(transfer_syntax_uid: str) -> bool:
    """Whether frames are stored as plain samples."""
    return transfer_syntax_uid in NATIVE


def refuse_video(transfer_syntax_uid: str) -> None:
    """MPEG and HEVC are one stream over all frames; raises UnsupportedError."""
    prefix, _, last = transfer_syntax_uid.rpartition(".")
    if transfer_syntax_uid.startswith("1.2.840.10008.1.2.4.") and prefix.count(".") >= 6:
        number = transfer_syntax_uid.removeprefix("1.2.840.10008.1.2.4.").split(".")[0]
        if number.isdigit() and _VIDEO_FIRST <= int(number) <= _VIDEO_LAST:
            raise UnsupportedError(
                "The frames are a video stream",
                remedy="Have the sender convert the video to JPEG frames.",
                tag="(0002,0010)",
                code="video-stream",
            )


def inspect(data: bytes) -> Codestream | None:
    """What kind of codestream this is and its size; None where it is none that we know."""
    start = data.find(b"\xff\x4f\xff\x51", 0, 512)
    if start != -1 and (start == 0 or data[4:8] == b"jP  "):
        return _jpeg2000(data, start)
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    return None


def _jpeg2000(data: bytes, start: int) -> Codestream | None:
    if len(data) < start + 43:
        return None
    x1, y1, x0, y0 = struct.unpack_from(">4I", data, start + 8)
    (samples,) = struct.unpack_from(">H", data, start + 40)
    if samples < 1 or len(data) < start + 42 + 3 * samples:
        return None
    precision = (data[start + 42] & 0x7F) + 1
    return Codestream("jpeg2000", y1 - y0, x1 - x0, samples, precision, "unsaid")


def _jpeg(data: bytes) -> Codestream | None:
    position, colour = 2, "unsaid"
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        body = position + 4
        if marker == 0xE0 and data[body : body + 5] == b"JFIF\0":
            colour = "ycbcr"
        elif marker == 0xEE and data[body : body + 5] == b"Adobe" and body + 11 < len(data):
            colour = "ycbcr" if data[body + 11] else "rgb"
        elif marker in (0xC0, 0xC1, 0xC2, 0xC3, 0xF7):
            return _frame_header(data, marker, body, colour)
        elif marker == 0xDA:
            return None
        position += 2 + length
    return None


def _frame_header(data: bytes, marker: int, body: int, colour: str) -> Codestream | None:
    if body + 6 > len(data):
        return None
    precision, rows, columns, samples = struct.unpack_from(">BHHB", data, body)
    identifiers = data[body + 6 : body + 6 + 3 * samples : 3]
    if identifiers == b"RGB":
        colour = "rgb"
    kind: Kind = "jpeg-ls" if marker == 0xF7 else "jpeg-lossless" if marker == 0xC3 else "jpeg"
    said: Literal["ycbcr", "rgb", "unsaid"] = "ycbcr" if colour == "ycbcr" else "rgb" if colour == "rgb" else "unsaid"
    return Codestream(kind, rows, columns, samples, precision, said)


def decode_codestream(data: bytes, *, rows: int, columns: int, samples: int, photometric: str) -> tuple[Array, int]:
    """Samples of one compressed frame and the precision its codestream declares.

    Returns an array (rows, columns) or (rows, columns, samples); colour comes out as RGB whatever was inside.
    Raises PixelDataError where the codestream is damaged or has another size than the header says.
    """
    stream = inspect(data)
    if stream is None:
        raise PixelDataError("The frame is not a codestream that can be decoded", remedy=_REMEDY, code="bad-codestream")
    if not _is_complete(data):
        raise PixelDataError(
            f"The {stream.kind} frame ends before its end marker",
            remedy=_REMEDY,
            tag="(7FE0,0010)",
            code="truncated-codestream",
        )
    if (stream.rows, stream.columns, stream.samples) != (rows, columns, samples):
        raise PixelDataError(
            f"The codestream is {stream.rows}×{stream.columns}×{stream.samples}, the header says "
            f"{rows}×{columns}×{samples}",
            remedy="Refuse the file: header and image do not belong together.",
            tag="(0028,0010)",
            code="frame-size-mismatch",
        )
    try:
        array = _decode(data, stream, photometric)
    except _CODEC_ERRORS as error:
        raise PixelDataError(
            f"The {stream.kind} frame cannot be decoded", remedy=_REMEDY, tag="(7FE0,0010)", code="bad-codestream"
        ) from error
    if array.shape != (rows, columns) + ((samples,) if samples > 1 else ()):
        raise PixelDataError(
            "The decoded frame has another shape than its header", remedy=_REMEDY, code="frame-size-mismatch"
        )
    return array, stream.precision


def _is_complete(data: bytes) -> bool:
    """Whether the codestream reaches its end marker (EOI, EOC: both FFD9), a little padding aside.

    Decoders fill what is cut off with grey or with a coarser image, and one searches it for seconds.
    """
    return data.rstrip(b"\0").rfind(b"\xff\xd9", -_MAX_PADDING) != -1


def _decode(data: bytes, stream: Codestream, photometric: str) -> Array:
    if stream.kind == "jpeg2000":
        array: Array = imagecodecs.jpeg2k_decode(data, planar=False)
        return array
    if stream.kind == "jpeg-ls":
        array = imagecodecs.jpegls_decode(data)
        return array
    if stream.kind == "jpeg-lossless":
        array = imagecodecs.jpegsof3_decode(data)
        return np.ascontiguousarray(array)
    if stream.samples == 3:
        inside = stream.colour
        if inside == "unsaid":
            inside = "ycbcr" if photometric.startswith("YBR") else "rgb"
        array = imagecodecs.jpeg8_decode(data, colorspace="YCBCR" if inside == "ycbcr" else "RGB", outcolorspace="RGB")
        return array
    array = imagecodecs.jpeg8_decode(data)
    return array


def decode_rle(data: bytes, *, rows: int, columns: int, samples: int, bits_allocated: int) -> Array:
    """Samples of one RLE Lossless frame (PS3.5 annex G), (rows, columns[, samples])."""
    segments = samples * max(1, bits_allocated // 8)
    declared = int.from_bytes(data[:4], "little") if len(data) >= 64 else -1
    if declared != segments:
        raise PixelDataError(
            f"The RLE frame holds {max(declared, 0)} segments, {segments} are needed",
            remedy=_REMEDY,
            tag="(7FE0,0010)",
            code="bad-codestream",
        )
    offsets = [*struct.unpack_from(f"<{segments}I", data, 4), len(data)]
    size = rows * columns
    planes = [_unpack_bits(data[start:end], size) for start, end in zip(offsets, offsets[1:], strict=False)]
    # Segments hold the most significant byte of each sample first (PS3.5 G.2).
    width = bits_allocated // 8
    samples_first = np.stack(planes).reshape(samples, width, size)[:, ::-1].transpose(0, 2, 1)
    values = np.ascontiguousarray(samples_first).view(f"<u{width}").reshape(samples, rows, columns)
    return values[0] if samples == 1 else np.ascontiguousarray(values.transpose(1, 2, 0))


def _unpack_bits(segment: bytes, size: int) -> NDArray[np.uint8]:
    """One PackBits segment (PS3.5 G.3.1).

    Written out because the compiled decoders at hand crash or panic on damaged segments.
    """
    unpacked = bytearray()
    position, end = 0, len(segment)
    while len(unpacked) < size and position < end:
        control = segment[position]
        if control < 128:
            unpacked += segment[position + 1 : position + 2 + control]
            position += control + 2
        else:
            if control > 128:
                unpacked += segment[position + 1 : position + 2] * (257 - control)
            position += 1 if control == 128 else 2
    if len(unpacked) < size:
        raise PixelDataError("An RLE segment ends too early", remedy=_REMEDY, tag="(7FE0,0010)", code="bad-codestream")
    return np.frombuffer(bytes(unpacked[:size]), np.uint8)


def inflate_frame(data: bytes, expected: int) -> bytes:
    """One frame of Deflated Image Frame Compression (PS3.5 A.4.11), at most `expected` bytes."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, expected + 1)
    except zlib.error as error:
        raise PixelDataError(
            "The deflated frame is damaged", remedy=_REMEDY, tag="(7FE0,0010)", code="bad-codestream"
        ) from error


def encode_htj2k(array: Array) -> bytes:
    """Lossless HTJ2K (RPCL progression, transfer syntax 1.2.840.10008.1.2.4.202) of one frame.

    `array` is (rows, columns) or (rows, columns, 3) of 8- or 16-bit integers. Raises UnsupportedError for other types.
    """
    if array.dtype not in (np.uint8, np.int8, np.uint16, np.int16) or array.ndim not in (2, 3):
        raise UnsupportedError(
            f"HTJ2K holds 8- and 16-bit integers, not {array.dtype}",
            remedy="Keep the frame as it is.",
            code="htj2k-type",
        )
    return bytes(imagecodecs.htj2k_encode(np.ascontiguousarray(array), reversible=True))
