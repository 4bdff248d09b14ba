"""`InstanceHeader`: the forty values that say what an image is and where it lies, read without parsing the rest.

Values that break their own format become None and leave an issue; they are never guessed.
Source: DICOM PS3.3 C.7.6.1, C.7.6.2, C.7.6.3; PS3.5 6.2 (value representations).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

from imaging.errors import ImagingError, UnreadableFileError
from imaging.scan import EXPLICIT_LE, Element, RawHeader, Source, name_of, read_bytes, scan, tag_text

MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
"""A DICOMDIR: it lists the files of a medium and belongs to no series (PS3.3 annex F)."""

MAX_POSITION_MM = 1e6
"""A position a kilometre away is a damaged number."""

Triple = tuple[float, float, float]
Cosines = tuple[float, float, float, float, float, float]


@dataclass(slots=True, eq=False)
class InstanceHeader:
    """One instance as its header describes it.

    `source` is where it came from, `path` the same as text (None for data in memory). Identifying values
    (`patient_id`) are there to be compared and are left out of `repr`.
    `pixel_data` is (tag, value offset, value length or None where encapsulated); offsets are into the file when
    `offsets_in_file`, else into the inflated data set.
    `issues` are (code, tag) pairs: departures from the standard that did not stop the reading.
    """

    source: Any = field(repr=False)
    path: str | None
    size_bytes: int
    transfer_syntax_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    frame_of_reference_uid: str
    modality: str
    patient_id: str = field(repr=False)
    series_number: int | None
    series_description: str = field(repr=False)
    instance_number: int | None
    acquisition_number: int | None
    acquisition_time: str
    content_time: str
    image_type: tuple[str, ...]
    rows: int
    columns: int
    number_of_frames: int
    samples_per_pixel: int
    photometric_interpretation: str
    planar_configuration: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    pixel_representation: int
    position_lps: Triple | None
    orientation: Cosines | None
    pixel_spacing_mm: tuple[float, float] | None
    imager_pixel_spacing_mm: tuple[float, float] | None
    pixel_aspect_ratio: tuple[float, float] | None
    slice_thickness_mm: float | None
    spacing_between_slices_mm: float | None
    gantry_tilt_deg: float | None
    patient_position: str
    echo_number: int | None
    echo_time_ms: float | None
    inversion_time_ms: float | None
    flip_angle_deg: float | None
    temporal_position: int | None
    trigger_time_ms: float | None
    cardiac_phase_percent: float | None
    b_value: float | None
    rescale_slope: float | None
    rescale_intercept: float | None
    rescale_type: str
    units: str
    laterality: str
    image_laterality: str
    burned_in_annotation: str
    is_enhanced: bool
    little_endian: bool
    offsets_in_file: bool
    pixel_data: tuple[int, int, int | None] | None
    pixel_data_vr: str
    has_modality_lut: bool
    issues: tuple[tuple[str, str], ...]

    @property
    def is_image(self) -> bool:
        """Whether there are pixels: rows, columns and a pixel data element."""
        return self.pixel_data is not None and self.rows > 0 and self.columns > 0

    @property
    def lacks_pixels(self) -> bool:
        """Whether it claims to be an image, or does not say what it is, and has no pixels: a file that was cut."""
        if self.is_image:
            return False
        nameless = not self.series_instance_uid and self.sop_class_uid != MEDIA_DIRECTORY
        return nameless or self.rows > 0 or self.pixel_data is not None or _may_be_image_class(self.sop_class_uid)

    @property
    def is_multiframe(self) -> bool:
        """Whether frames are described by functional groups or counted by NumberOfFrames."""
        return self.is_enhanced or self.number_of_frames > 1

    def whole_bytes(self) -> bytes:
        """The bytes that the offsets of `pixel_data` point into: the file, or the inflated data set."""
        if self.offsets_in_file:
            return read_bytes(self.source)
        raw = scan(self.source)
        return bytes(raw.buffer)

    @property
    def bytes_per_frame(self) -> int:
        """Bytes of one native frame, rounded up for one-bit pixels."""
        return (self.rows * self.columns * self.samples_per_pixel * max(self.bits_allocated, 1) + 7) // 8


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A source whose header could not be read, and the error that says why."""

    source: Any = field(repr=False)
    path: str | None
    error: ImagingError


class _Values:
    """Decodes values of one `RawHeader`; what cannot be decoded is None and noted."""

    def __init__(self, raw: RawHeader) -> None:
        self.raw = raw
        self.issues = raw.issues
        self._order = "<" if raw.little_endian else ">"

    def text(self, tag: int) -> str:
        element = self.raw.elements.get(tag)
        if element is None or not element.length:
            return ""
        value = self.raw.buffer[element.offset : element.offset + element.length]
        return value.decode("latin-1").strip(" \0")

    def texts(self, tag: int) -> tuple[str, ...]:
        text = self.text(tag)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    def numbers(self, tag: int, count: int) -> tuple[float, ...] | None:
        text = self.text(tag)
        if not text:
            return None
        parts = text.split("\\")
        try:
            values = tuple(float(part) for part in parts)
        except ValueError:
            values = ()
        if len(values) < count or not all(map(math.isfinite, values)):
            self.issues.append(("not-a-number", tag_text(tag)))
            return None
        return values[:count]

    def number(self, tag: int) -> float | None:
        values = self.numbers(tag, 1)
        return values[0] if values else None

    def integer(self, tag: int) -> int | None:
        value = self.number(tag)
        if value is None or value != int(value):
            return None
        return int(value)

    def short(self, tag: int) -> int | None:
        element = self.raw.elements.get(tag)
        if element is None or not element.length:
            return None
        if element.length != 2:
            self.issues.append(("wrong-length", tag_text(tag)))
            return None
        return int(struct.unpack_from(self._order + "H", self.raw.buffer, element.offset)[0])

    def double(self, tag: int) -> float | None:
        element = self.raw.elements.get(tag)
        if element is None or not element.length or element.vr not in (b"FD", b"FL", b"  "):
            return self.number(tag) if element is not None and element.length else None
        code = {8: "d", 4: "f"}.get(element.length)
        if code is None:
            self.issues.append(("wrong-length", tag_text(tag)))
            return None
        value = float(struct.unpack_from(self._order + code, self.raw.buffer, element.offset)[0])
        return value if math.isfinite(value) else None


def read_header(source: Source) -> InstanceHeader:
    """The header of one instance.

    Raises UnreadableFileError where the source is not a DICOM file that can be walked.
    """
    if isinstance(source, Dataset):
        source = _encoded(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        return _from_raw(scan(data), data)
    return _from_raw(scan(source), source)


def read_headers(sources: Iterable[Source]) -> list[InstanceHeader | UnreadableFile]:
    """Headers in the order given; a file that cannot be read is an `UnreadableFile` and stops nothing."""
    headers: list[InstanceHeader | UnreadableFile] = []
    for source in sources:
        try:
            headers.append(read_header(source))
        except ImagingError as error:
            path = None if isinstance(source, (bytes, Dataset)) else name_of(source)
            headers.append(UnreadableFile(source, path, error))
    return headers


def _encoded(dataset: Dataset) -> bytes:
    """The data set as the bytes of a file: one walk then serves every kind of source."""
    meta = getattr(dataset, "file_meta", None)
    syntax = str(meta.get("TransferSyntaxUID", "")) if meta is not None else ""
    stream = BytesIO()
    try:
        copy = Dataset(dataset)
        copy.preamble = b"\0" * 128
        copy.file_meta = FileMetaDataset(meta) if meta is not None else FileMetaDataset()
        copy.file_meta.TransferSyntaxUID = UID(syntax or EXPLICIT_LE)
        dcmwrite(stream, copy, enforce_file_format=False)
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError, struct.error) as error:
        raise UnreadableFileError(
            "The data set cannot be encoded", remedy="Check the values that were set on it.", code="bad-dataset"
        ) from error
    return stream.getvalue()


def _may_be_image_class(sop_class_uid: str) -> bool:
    """Whether a SOP class is one of images, or none that the standard or a vendor could have given."""
    if not sop_class_uid.isascii() or not sop_class_uid.replace(".", "").isdigit():
        return True
    name = UID(sop_class_uid).name
    # pydicom's dictionary lacks label map segmentation, which always has pixels.
    unknown_standard = name == sop_class_uid and sop_class_uid.startswith("1.2.840.10008.")
    return unknown_standard or "Image Storage" in name


_ENHANCED_GROUPS = (0x52009229, 0x52009230)


def _b_value(values: _Values) -> float | None:
    """DiffusionBValue, or the vendor's own element where the standard one is absent."""
    standard = values.double(0x00189087)
    if standard is not None:
        return standard
    if values.text(0x00190010).startswith("SIEMENS MR HEADER"):
        return values.number(0x0019100C)
    if values.text(0x00430010).startswith("GEMS_PARM_01"):
        first = values.text(0x00431039).split("\\")[0]
        # GE adds 1e9 to mark values computed for several directions.
        return float(int(first) % 1_000_000_000) if first.lstrip("-").isdigit() else None
    if values.text(0x20010010).startswith("Philips Imaging DD 001"):
        return values.double(0x20011003)
    return None


def _frames(values: _Values) -> int:
    text = values.text(0x00280008)
    if not text:
        return 1
    number = values.integer(0x00280008)
    if number is None or number < 1:
        values.issues.append(("not-a-number", "(0028,0008)"))
        return 0
    return number


def _pixel_place(raw: RawHeader) -> tuple[int, int, int | None] | None:
    if raw.pixel_data is None:
        return None
    tag, element = raw.pixel_data
    if element.length is not None and element.offset + element.length > raw.size:
        raw.issues.append(("pixel-data-truncated", tag_text(tag)))
    return tag, element.offset, element.length


def _from_raw(raw: RawHeader, source: Any) -> InstanceHeader:
    v = _Values(raw)
    text, short, number, integer = v.text, v.short, v.number, v.integer
    position = v.numbers(0x00200032, 3)
    if position is not None and max(map(abs, position)) > MAX_POSITION_MM:
        v.issues.append(("not-a-number", tag_text(0x00200032)))
        position = None
    orientation = v.numbers(0x00200037, 6)
    path = name_of(source) if isinstance(source, (str, Path)) else None
    elements: dict[int, Element] = raw.elements
    return InstanceHeader(
        source=source,
        path=path,
        size_bytes=raw.size,
        transfer_syntax_uid=raw.transfer_syntax_uid,
        sop_class_uid=text(0x00080016) or (MEDIA_DIRECTORY if 0x00041220 in elements else ""),
        sop_instance_uid=text(0x00080018),
        study_instance_uid=text(0x0020000D),
        series_instance_uid=text(0x0020000E),
        frame_of_reference_uid=text(0x00200052),
        modality=text(0x00080060),
        patient_id=text(0x00100020),
        series_number=integer(0x00200011),
        series_description=text(0x0008103E),
        instance_number=integer(0x00200013),
        acquisition_number=integer(0x00200012),
        acquisition_time=text(0x00080032),
        content_time=text(0x00080033),
        image_type=v.texts(0x00080008),
        rows=short(0x00280010) or 0,
        columns=short(0x00280011) or 0,
        number_of_frames=_frames(v),
        samples_per_pixel=_or(short(0x00280002), 1),
        photometric_interpretation=text(0x00280004),
        planar_configuration=short(0x00280006) or 0,
        bits_allocated=short(0x00280100) or 0,
        bits_stored=short(0x00280101) or 0,
        high_bit=short(0x00280102) or 0,
        pixel_representation=short(0x00280103) or 0,
        position_lps=_three(position),
        orientation=_six(orientation),
        pixel_spacing_mm=_two(v.numbers(0x00280030, 2)),
        imager_pixel_spacing_mm=_two(v.numbers(0x00181164, 2)),
        pixel_aspect_ratio=_two(v.numbers(0x00280034, 2)),
        slice_thickness_mm=number(0x00180050),
        spacing_between_slices_mm=number(0x00180088),
        gantry_tilt_deg=number(0x00181120),
        patient_position=text(0x00185100),
        echo_number=integer(0x00180086),
        echo_time_ms=number(0x00180081),
        inversion_time_ms=number(0x00180082),
        flip_angle_deg=number(0x00181314),
        temporal_position=integer(0x00200100),
        trigger_time_ms=number(0x00181060),
        cardiac_phase_percent=v.double(0x00209241),
        b_value=_b_value(v),
        rescale_slope=number(0x00281053),
        rescale_intercept=number(0x00281052),
        rescale_type=text(0x00281054),
        units=text(0x00541001),
        laterality=text(0x00200060),
        image_laterality=text(0x00200062),
        burned_in_annotation=text(0x00280301),
        is_enhanced=any(tag in elements for tag in _ENHANCED_GROUPS),
        little_endian=raw.little_endian,
        offsets_in_file=raw.in_file,
        pixel_data=_pixel_place(raw),
        pixel_data_vr=raw.pixel_data[1].vr.decode("latin-1") if raw.pixel_data else "",
        has_modality_lut=0x00283000 in elements,
        issues=tuple(raw.issues),
    )


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _two(values: tuple[float, ...] | None) -> tuple[float, float] | None:
    return None if values is None else (values[0], values[1])


def _three(values: tuple[float, ...] | None) -> Triple | None:
    return None if values is None else (values[0], values[1], values[2])


def _six(values: tuple[float, ...] | None) -> Cosines | None:
    return None if values is None else (values[0], values[1], values[2], values[3], values[4], values[5])
