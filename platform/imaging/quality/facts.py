"""What a quality check needs to know of each instance, taken in one pass; pixels are seen once and let go.

Identifying values are kept only as digests keyed per check: they can be compared and not read.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset

from imaging.errors import ImagingError
from imaging.pixels import FrameReader
from imaging.quality.attributes import MissingAttribute, missing_attributes
from imaging.scan import RawHeader, Source, scan, tag_text
from imaging.scan_dataset import PARSER_ERRORS, damaged, read_dataset
from imaging.series_header import InstanceHeader

MAX_SAMPLED_FRAMES = 2000
"""Objects with more frames are sampled evenly; the report says how many frames were looked at."""

_PERSON_TAGS = {
    "PatientID": 0x00100020,
    "PatientName": 0x00100010,
    "PatientBirthDate": 0x00100030,
    "PatientSex": 0x00100040,
}
_FORMATS = {
    b"AS": re.compile(rb"\d{3}[DWMY]"),
    b"CS": re.compile(rb"[A-Z0-9 _]{0,16}"),
    b"DA": re.compile(rb"(\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])|\d{4}\.\d\d\.\d\d)?"),
    b"DS": re.compile(rb" *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *"),
    b"IS": re.compile(rb" *[+-]?\d{1,12} *"),
    b"TM": re.compile(rb"(([01]\d|2[0-3])(:?[0-5]\d(:?[0-5]\d|:?60)?(\.\d{1,6})?)?)? *"),
    b"UI": re.compile(rb"(0|[1-9]\d*)(\.(0|[1-9]\d*))*"),
}
_MAX_LENGTHS = {b"AE": 16, b"SH": 16, b"LO": 64, b"DS": 16, b"UI": 64}
_MULTIBYTE_VRS = (b"SH", b"LO")


@dataclass(frozen=True, slots=True)
class FrameStatistics:
    """Numbers of one frame, before rescaling."""

    frame_index: int
    minimum: float
    maximum: float
    mean: float
    deviation: float
    share_at_maximum: float
    share_at_minimum: float
    digest: bytes


@dataclass(slots=True, eq=False)
class Facts:
    """One readable instance as the checks see it."""

    index: int
    header: InstanceHeader
    person: dict[str, str] = field(default_factory=dict)
    meta_sop_instance_uid: str = ""
    meta_sop_class_uid: str = ""
    missing: list[MissingAttribute] = field(default_factory=list)
    format_problems: list[tuple[str, str]] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    frames: list[FrameStatistics] = field(default_factory=list)
    dated_before_birth: bool = False
    pixel_error: ImagingError | None = None
    dataset_error: ImagingError | None = None

    @property
    def name(self) -> str:
        """SOP Instance UID, or the place in the order given."""
        return self.header.sop_instance_uid or f"#{self.index}"


_COMPARED = (
    "Laterality",
    "ImageLaterality",
    "BodyPartExamined",
    "SeriesDescription",
    "StudyDescription",
    "ProtocolName",
    "PatientPosition",
    "ViewPosition",
    "BurnedInAnnotation",
    "RecognizableVisualFeatures",
    "RescaleType",
    "PixelPaddingValue",
    "ConversionType",
    "StudyDate",
    "SeriesDate",
    "AcquisitionDate",
    "PresentationLUTShape",
)


class FactReader:
    """Takes facts of instances. One reader, one key: digests cannot be compared between checks."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)

    def read(self, index: int, source: Source, header: InstanceHeader, *, pixels: bool = True) -> Facts:
        """Facts of one instance; what cannot be read becomes part of them and raises nothing."""
        facts = Facts(index, header)
        try:
            raw = scan(header.source)
            facts.format_problems = format_problems(raw)
            dataset = read_dataset(header.source, pixels=False)
            self._take_values(facts, dataset)
            facts.missing = missing_attributes(dataset)
        except ImagingError as error:
            facts.dataset_error = error
        except PARSER_ERRORS as error:
            facts.dataset_error = damaged(header.path, error)
        if pixels and header.is_image:
            try:
                with FrameReader(header) as reader:
                    facts.frames = frame_statistics(reader)
                    if _is_foreign(reader.bytes_after(), header.little_endian):
                        facts.format_problems.append(("trailing-bytes", "(7FE0,0010)"))
            except ImagingError as error:
                facts.pixel_error = error
        return facts

    def _take_values(self, facts: Facts, dataset: Dataset) -> None:
        meta = getattr(dataset, "file_meta", None) or Dataset()
        facts.meta_sop_instance_uid = str(meta.get("MediaStorageSOPInstanceUID", ""))
        facts.meta_sop_class_uid = str(meta.get("MediaStorageSOPClassUID", ""))
        for keyword, tag in _PERSON_TAGS.items():
            value = _plain(dataset, keyword)
            if tag in dataset and value:
                facts.person[keyword] = self._digest(_normal(value))
        for keyword in _COMPARED:
            facts.values[keyword] = _plain(dataset, keyword)
        birth, study = _plain(dataset, "PatientBirthDate"), _plain(dataset, "StudyDate")
        facts.dated_before_birth = _is_date(birth) and _is_date(study) and study < birth

    def _digest(self, value: str) -> str:
        return hashlib.blake2b(value.encode("utf-8", "replace"), key=self._key, digest_size=8).hexdigest()


def _plain(dataset: Dataset, keyword: str) -> str:
    try:
        return str(dataset.get(keyword, "") or "").strip()
    except PARSER_ERRORS:
        return ""


def _is_date(text: str) -> bool:
    return len(text) == 8 and text.isdigit()


def _normal(value: str) -> str:
    """Spelling that two systems may differ in is not a different person: case, padding, component separators."""
    return " ".join(value.replace("^", " ").split()).upper()


def format_problems(raw: RawHeader) -> list[tuple[str, str]]:
    """(code, tag) of top-level values that break their value representation, or carry another than the dictionary's."""
    problems: list[tuple[str, str]] = []
    multibyte = b"\\" in raw.value(0x00080005) or b"ISO_IR 192" in raw.value(0x00080005)
    for tag, element in raw.elements.items():
        if tag >> 16 & 1 or not element.length:
            continue
        known = dictionary_VR(tag) if dictionary_has_tag(tag) else ""
        vr = element.vr if element.vr.isalpha() else known.encode()
        if known and element.vr.isalpha() and element.vr != b"UN" and element.vr.decode() not in known:
            problems.append(("wrong-vr", tag_text(tag)))
            continue
        if element.length <= 4096 and not _well_formed(vr, raw.value(tag), multibyte):
            problems.append(("bad-value", tag_text(tag)))
    return problems


def _well_formed(vr: bytes, value: bytes, multibyte: bool) -> bool:
    pattern, longest = _FORMATS.get(vr), _MAX_LENGTHS.get(vr)
    if pattern is None and longest is None:
        return True
    padding = b"\0" if vr == b"UI" else b" \0"
    for part in value.split(b"\\"):
        stripped = part.rstrip(padding)
        if longest is not None and len(stripped.strip()) > longest and not (multibyte and vr in _MULTIBYTE_VRS):
            return False
        if (
            pattern is not None
            and stripped
            and not pattern.fullmatch(stripped.lstrip(b" ") if vr == b"CS" else stripped)
        ):
            return False
    return True


def _is_foreign(after: bytes, little_endian: bool) -> bool:
    """Whether bytes after the pixel data are neither padding nor elements (PS3.10 7.2: trailing padding, signatures)."""
    if not after.strip(b"\0"):
        return False
    tag = struct.unpack_from("<HH" if little_endian else ">HH", after.ljust(4, b"\0"))
    return tag not in ((0xFFFC, 0xFFFC), (0xFFFA, 0xFFFA)) and tag[0] != 0x7FE0


def frame_statistics(reader: FrameReader) -> list[FrameStatistics]:
    """Statistics of every frame (evenly sampled beyond MAX_SAMPLED_FRAMES). Raises PixelDataError."""
    count = reader.description.frames
    indices = np.unique(np.linspace(0, count - 1, min(count, MAX_SAMPLED_FRAMES)).round().astype(int))
    return [_statistics(int(index), reader.frame(int(index))) for index in indices]


def _statistics(index: int, array: NDArray[Any]) -> FrameStatistics:
    flat = np.ascontiguousarray(array).reshape(-1)
    low, high = flat.min(), flat.max()
    return FrameStatistics(
        frame_index=index,
        minimum=float(low),
        maximum=float(high),
        mean=float(flat.mean(dtype=np.float64)),
        deviation=float(flat.std(dtype=np.float64)) if low != high else 0.0,
        share_at_maximum=float(np.count_nonzero(flat == high)) / flat.size,
        share_at_minimum=float(np.count_nonzero(flat == low)) / flat.size,
        digest=hashlib.blake2b(flat.tobytes(), digest_size=16).digest(),
    )
