"""Stored samples of single frames, whatever their transfer syntax.

"Stored" means the numbers before any rescaling: integers as BitsStored and PixelRepresentation describe them, or the
floats of a float object. Colour comes out as RGB or palette index, never as YBR.

Source: DICOM PS3.3 C.7.6.3 (Image Pixel), PS3.5 section 8 and annex A.4.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.codecs import (
    DEFLATED_FRAME,
    RLE_LOSSLESS,
    decode_codestream,
    decode_rle,
    encode_htj2k,
    inflate_frame,
    is_native,
    refuse_video,
)
from imaging.errors import PixelDataError
from imaging.pixels_fragments import end_of_fragments, frame_chunks
from imaging.pixels_palette import palette_table
from imaging.scan import EXPLICIT_LE
from imaging.scan_dataset import PARSER_ERRORS, damaged
from imaging.series_header import InstanceHeader, read_header

__all__ = ["FrameReader", "PixelDescription", "decode_frame", "encode_htj2k", "frame_to_rgb_or_mono"]

Array = NDArray[Any]
MAX_FRAME_BYTES = 2 << 30
_FLOAT_TAGS = {0x7FE00008: "f4", 0x7FE00009: "f8"}
_REMEDY = "Ask the sender for the file again; compare its size and checksum with the original."


@dataclass(frozen=True, slots=True)
class PixelDescription:
    """How the frames of one instance are stored."""

    transfer_syntax_uid: str
    rows: int
    columns: int
    samples: int
    frames: int
    photometric: str
    planar: bool
    bits_allocated: int
    bits_stored: int
    signed: bool
    float_type: str | None
    little_endian: bool
    words: bool
    path: str | None

    @classmethod
    def of(cls, header: InstanceHeader) -> PixelDescription:
        """From a header. Raises PixelDataError where the description is absurd or contradicts itself."""
        if header.pixel_data is None:
            raise _error(header.path, "The instance has no pixel data", "(7FE0,0010)", "no-pixel-data")
        description = cls(
            transfer_syntax_uid=header.transfer_syntax_uid or EXPLICIT_LE,
            rows=header.rows,
            columns=header.columns,
            samples=header.samples_per_pixel,
            frames=header.number_of_frames,
            photometric=header.photometric_interpretation,
            planar=header.planar_configuration == 1,
            bits_allocated=header.bits_allocated,
            bits_stored=header.bits_stored or header.bits_allocated,
            signed=header.pixel_representation == 1,
            float_type=_FLOAT_TAGS.get(header.pixel_data[0]),
            little_endian=header.little_endian,
            words=header.pixel_data_vr in ("OW", "  "),
            path=header.path,
        )
        description._check()
        return description

    def _check(self) -> None:
        path = self.path
        if self.rows < 1 or self.columns < 1:
            raise _error(path, "The image has no rows or no columns", "(0028,0010)", "bad-size")
        if not 1 <= self.samples <= 4:
            raise _error(path, f"{self.samples} samples per pixel cannot be decoded", "(0028,0002)", "bad-samples")
        if self.frames < 1:
            raise _error(path, "NumberOfFrames is not a number of frames", "(0028,0008)", "bad-frame-count")
        allowed = (32, 64) if self.float_type else (1, 8, 16, 32, 64)
        if self.bits_allocated not in allowed:
            raise _error(path, f"{self.bits_allocated} bits allocated cannot be decoded", "(0028,0100)", "bad-bits")
        if not self.float_type and not 1 <= self.bits_stored <= self.bits_allocated:
            raise _error(
                path,
                f"{self.bits_stored} bits stored do not fit {self.bits_allocated} bits allocated",
                "(0028,0101)",
                "bad-bits",
            )
        if self.frame_bytes > MAX_FRAME_BYTES:
            raise _error(path, "One frame is larger than 2 GiB", "(0028,0010)", "absurd-size")

    @property
    def pixels(self) -> int:
        """Samples of one frame."""
        return self.rows * self.columns * self.samples

    @property
    def is_422(self) -> bool:
        """Whether native chroma samples are shared by two pixels."""
        return self.photometric == "YBR_FULL_422" and is_native(self.transfer_syntax_uid)

    @property
    def frame_bytes(self) -> int:
        """Bytes of one native frame, rounded up for one-bit pixels."""
        bits = self.pixels * self.bits_allocated
        return (bits * 2 // 3 if self.is_422 else bits + 7) // 8

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a decoded sample."""
        if self.float_type:
            return np.dtype(self.float_type)
        return np.dtype(f"{'i' if self.signed else 'u'}{max(self.bits_allocated, 8) // 8}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one decoded frame."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)


def _error(path: str | None, detail: str, tag: str, code: str) -> PixelDataError:
    return PixelDataError(detail, remedy=_REMEDY, path=path, tag=tag, code=code)


class FrameReader:
    """Decodes frames of one instance; opens and indexes its pixel data once.

    Not safe to close while another thread decodes; decoding itself may run in several threads.
    """

    def __init__(self, header: InstanceHeader, value: bytes | None = None) -> None:
        """`value` is the value of the pixel data element where the caller holds it already (offset 0).

        Raises PixelDataError where the pixel data cannot hold the frames the header declares.
        """
        self.description = PixelDescription.of(header)
        assert header.pixel_data is not None
        refuse_video(self.description.transfer_syntax_uid)
        self._map: mmap.mmap | None = None
        self._file = header.path if header.offsets_in_file and value is None else None
        _, offset, length = header.pixel_data
        if value is not None:
            self._view, offset = memoryview(value), 0
        else:
            self._view = memoryview(self._open(header))
        self._offset = offset
        self._value = self._view[offset : len(self._view) if length is None else offset + length]
        self._chunks: list[list[memoryview]] = []
        if is_native(self.description.transfer_syntax_uid):
            self._check_native()
        else:
            self._chunks = frame_chunks(self._value, self.description.frames, self.description.path)

    def _open(self, header: InstanceHeader) -> bytes | mmap.mmap:
        if header.path is not None and header.offsets_in_file:
            try:
                with open(header.path, "rb") as file:
                    self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError) as error:
                raise _error(header.path, "The file cannot be opened", "(7FE0,0010)", "cannot-open") from error
            return self._map
        return header.whole_bytes()

    def close(self) -> None:
        """Let go of the file; it closes once no frame that views it is left."""
        self._chunks = []
        self._value = self._view = memoryview(b"")
        self._map = None

    def __enter__(self) -> FrameReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_native(self) -> None:
        d = self.description
        if d.bits_allocated == 1:
            needed = (d.pixels * d.frames + 7) // 8
        else:
            needed = d.frame_bytes * d.frames
        have = len(self._value)
        if have < needed:
            raise _error(
                d.path, f"The pixel data end after {have} of {needed} bytes", "(7FE0,0010)", "pixel-data-short"
            )
        if have - needed >= max(d.frame_bytes, 2):
            raise _error(
                d.path,
                f"The pixel data hold {have} bytes where {needed} are declared",
                "(7FE0,0010)",
                "pixel-data-long",
            )

    def frame(self, frame_index: int) -> Array:
        """Stored samples of one frame: (rows, columns) or (rows, columns, samples).

        Raises PixelDataError where the frame does not exist, is damaged, or is not what the header says.
        """
        d = self.description
        if not 0 <= frame_index < d.frames:
            raise _error(
                d.path, f"Frame {frame_index + 1} of {d.frames} does not exist", "(0028,0008)", "no-such-frame"
            )
        try:
            if is_native(d.transfer_syntax_uid):
                return self._native(frame_index)
            return self._encoded(frame_index)
        except PixelDataError as error:
            raise PixelDataError(
                error.detail, remedy=error.remedy, path=d.path, tag=error.tag, code=error.code
            ) from error

    def bytes_after(self) -> bytes:
        """What follows the pixel data element in the file: nothing, further elements, or something foreign."""
        end = len(self._value)
        if not is_native(self.description.transfer_syntax_uid):
            end = end_of_fragments(self._value)
        return bytes(self._view[self._offset + end :])

    def read_into(self, frame_index: int, out: Array) -> bool:
        """Read one native frame straight into `out`, C-contiguous and of the stored type; False where it must decode.

        Twice as fast as copying out of a mapped file, whose every page faults once. Raises PixelDataError.
        """
        d = self.description
        plain = is_native(d.transfer_syntax_uid) and d.little_endian and d.samples == 1 and d.bits_allocated >= 8
        if (
            self._file is None
            or not plain
            or (out.dtype, out.shape) != (d.dtype, d.shape)
            or not 0 <= frame_index < d.frames
        ):
            return False
        place = self._offset + frame_index * d.frame_bytes
        with open(self._file, "rb", buffering=0) as file:
            file.seek(place)
            if file.readinto(out.data.cast("B")) != d.frame_bytes:
                raise _error(d.path, "The file became shorter while it was read", "(7FE0,0010)", "pixel-data-short")
        if d.signed and d.bits_stored < d.bits_allocated:
            out[:] = _signed(out, d.bits_allocated, d)
        return True

    def _native(self, index: int) -> Array:
        d = self.description
        if d.bits_allocated == 1:
            return _one_bit(self._value, index, d)
        chunk = self._value[index * d.frame_bytes : (index + 1) * d.frame_bytes]
        return _shape_samples(chunk, d, d.little_endian)

    def _encoded(self, index: int) -> Array:
        d = self.description
        data = b"".join(self._chunks[index])
        if d.transfer_syntax_uid == RLE_LOSSLESS:
            if d.bits_allocated < 8:
                raise _error(d.path, "One-bit RLE frames cannot be decoded", "(0028,0100)", "bad-bits")
            array = decode_rle(data, rows=d.rows, columns=d.columns, samples=d.samples, bits_allocated=d.bits_allocated)
            return _colour(_signed(array, d.bits_allocated, d), d)
        if d.transfer_syntax_uid == DEFLATED_FRAME:
            data = inflate_frame(data, d.frame_bytes + 1)
            if len(data) < d.frame_bytes:
                raise _error(d.path, "The deflated frame is too short", "(7FE0,0010)", "pixel-data-short")
            if d.bits_allocated == 1:
                return _one_bit(memoryview(data), 0, d)
            return _shape_samples(memoryview(data)[: d.frame_bytes], d, True)
        array, precision = decode_codestream(
            data, rows=d.rows, columns=d.columns, samples=d.samples, photometric=d.photometric
        )
        return _signed(array, precision, d)


def _one_bit(value: memoryview, index: int, d: PixelDescription) -> Array:
    """Frames of one-bit pixels follow each other without padding (PS3.5 8.1.1)."""
    first = index * d.pixels
    data = np.frombuffer(value[first // 8 : (first + d.pixels + 7) // 8], dtype=np.uint8)
    bits = np.unpackbits(data, bitorder="little")
    return bits[first % 8 : first % 8 + d.pixels].reshape(d.shape)


def _shape_samples(chunk: memoryview, d: PixelDescription, little_endian: bool) -> Array:
    array: Array = np.frombuffer(chunk, dtype=d.dtype.newbyteorder("<" if little_endian else ">"))
    if d.bits_allocated == 8 and not little_endian and d.words and len(array) % 2 == 0:
        # 8-bit samples in OW words: big endian swaps each pair (PS3.5 8.1.2).
        array = array.reshape(-1, 2)[:, ::-1].reshape(-1)
    if not little_endian:
        array = array.astype(d.dtype)
    if d.is_422:
        return _colour(_upsample_422(array, d), d)
    if d.samples > 1 and d.planar:
        array = np.ascontiguousarray(array.reshape(d.samples, d.rows, d.columns).transpose(1, 2, 0))
    return _colour(_signed(array.reshape(d.shape), d.bits_allocated, d), d)


def _upsample_422(array: Array, d: PixelDescription) -> Array:
    """Y1 Y2 Cb Cr for two pixels (PS3.3 C.7.6.3.1.2) → one chroma pair for each."""
    groups = array.reshape(-1, 4)
    pixels = np.empty((len(groups) * 2, 3), array.dtype)
    pixels[0::2, 0], pixels[1::2, 0] = groups[:, 0], groups[:, 1]
    pixels[:, 1] = np.repeat(groups[:, 2], 2)
    pixels[:, 2] = np.repeat(groups[:, 3], 2)
    return pixels.reshape(d.shape)


def _signed(array: Array, precision: int, d: PixelDescription) -> Array:
    """Samples in the declared type; a sign bit below the top of the word is extended.

    Where every number fits BitsStored read as unsigned and none is negative, the sign bit is BitsStored's; numbers
    beyond the declared bits stay as they are (quality control reports them) and are never wrapped.
    """
    if d.float_type:
        return array
    if not d.signed:
        if array.dtype.kind == "i" and array.size and int(array.min()) < 0:
            raise _error(d.path, "Unsigned pixels decode to negative values", "(0028,0103)", "sign-mismatch")
        return array.astype(d.dtype, copy=False)
    bits = min(precision, d.bits_stored)
    width = d.dtype.itemsize * 8
    if array.dtype.kind == "u":
        array = array.astype(f"u{d.dtype.itemsize}", copy=False).view(d.dtype)
    else:
        array = array.astype(d.dtype, copy=False)
    if bits < width and array.size:
        low, high = int(array.min()), int(array.max())
        if low >= 0 and (1 << (bits - 1)) <= high < (1 << bits):
            shift = width - bits
            extended: Array = np.right_shift(np.left_shift(array, shift), shift)
            return extended
    return array


def _colour(array: Array, d: PixelDescription) -> Array:
    """Uncompressed and RLE YBR samples as RGB."""
    if d.samples != 3 or d.photometric not in ("YBR_FULL", "YBR_FULL_422") or array.dtype != np.uint8:
        return array
    y, cb, cr = (array[..., i].astype(np.float32) for i in range(3))
    cb, cr = cb - 128.0, cr - 128.0
    rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    eight_bit: Array = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
    return eight_bit


def decode_frame(dataset: Dataset | InstanceHeader, frame_index: int) -> Array:
    """Stored samples of one frame of a parsed data set or of a header: (rows, columns[, samples]).

    For many frames of one instance keep a `FrameReader`. Raises PixelDataError.
    """
    if isinstance(dataset, InstanceHeader):
        with FrameReader(dataset) as reader:
            return reader.frame(frame_index).copy()
    header = read_header(dataset)
    with FrameReader(header) as reader:
        return reader.frame(frame_index).copy()


def frame_to_rgb_or_mono(dataset: Dataset, frame_index: int) -> Array:
    """One frame as it is meant to be seen before windowing.

    Palette colour becomes RGB, 8 or 16 bit; RGB and YBR come out as RGB; monochrome stays stored values, so
    MONOCHROME1 is not inverted here: that is a matter of display.
    """
    stored = decode_frame(dataset, frame_index)
    if str(dataset.get("PhotometricInterpretation", "")) != "PALETTE COLOR":
        return stored
    try:
        tables = [palette_table(dataset, colour) for colour in ("Red", "Green", "Blue")]
        first = int(dataset.RedPaletteColorLookupTableDescriptor[1])
    except PARSER_ERRORS as error:
        raise damaged(None, error) from error
    index = stored.astype(np.int64) - first
    rgb: Array = np.stack([table[np.clip(index, 0, len(table) - 1)] for table in tables], axis=-1)
    return rgb
