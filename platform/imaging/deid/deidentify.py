"""One instance in, one de-identified instance out, or the reason why nothing comes out."""

from __future__ import annotations

import io
import warnings

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging import ENGINE_VERSION
from imaging.deid.actions import BASIC_CODE, Option
from imaging.deid.catalogue import Catalogue
from imaging.deid.classes import class_refusal, is_signed, reason, syntax_refusal
from imaging.deid.dictionary import format_tag
from imaging.deid.engine import Walk
from imaging.deid.identifiers import OriginalIdentifiers, collect_identifiers
from imaging.deid.iod import iod_of
from imaging.deid.keys import SubjectKeys
from imaging.deid.pixels import scrub_pixel_bytes
from imaging.deid.policy import Policy
from imaging.deid.result import DeidResult, PixelCheck, TagChange, withhold
from imaging.deid.text import TextCleaner

IMPLEMENTATION_CLASS_UID = "2.25.274196512305478231105817422907261735216"
IMPLEMENTATION_VERSION_NAME = f"FIDUCIAL_{ENGINE_VERSION}"
METHOD = "Fiducial"


class RefusedError(Exception):
    """The object is withheld for the reason with this code. Never leaves this package."""

    def __init__(self, code: str, sop_class_uid: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.sop_class_uid = sop_class_uid


def deidentify(
    source: Dataset | bytes,
    policy: Policy,
    keys: SubjectKeys,
    *,
    catalogue: Catalogue | None = None,
    identifiers: OriginalIdentifiers | None = None,
    pixels: PixelCheck | None = None,
) -> DeidResult:
    """De-identify one instance under `policy` with the subject's `keys`.

    `source` is the file's bytes, or a dataset that was read from a file (it is not changed). `catalogue` holds a
    project's decisions about descriptors; `identifiers` are further identifiers of the same subject, from other
    objects, that texts are compared with; `pixels` is what is known about the pixels, without it nothing is claimed.

    Never raises for content: whatever goes wrong, the result is withheld. The same inputs give the same bytes.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings quote values
            return _deidentify(source, policy, keys, catalogue, identifiers, pixels)
    except RefusedError as refusal:
        words = reason(refusal.code)
        return withhold(words.code, words.reason, words.remedy, refusal.sop_class_uid)
    except (Exception, RecursionError):  # fails closed: nothing passes because something crashed
        words = reason("engine-error")
        return withhold(words.code, words.reason, words.remedy)


def _deidentify(
    source: Dataset | bytes,
    policy: Policy,
    keys: SubjectKeys,
    catalogue: Catalogue | None,
    identifiers: OriginalIdentifiers | None,
    pixels: PixelCheck | None,
) -> DeidResult:
    dataset = read_instance(source if isinstance(source, bytes) else _to_bytes(source))
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    sop_class = _sop_class(dataset)
    refusal = class_refusal(sop_class, syntax) or syntax_refusal(syntax)
    if refusal:
        raise RefusedError(refusal, sop_class)
    if not str(dataset.get("SOPInstanceUID") or "").strip("\0 "):
        raise RefusedError("missing-instance-uid", sop_class)
    if policy.signed == "withhold" and is_signed(dataset):
        raise RefusedError("digital-signature", sop_class)
    known = collect_identifiers(dataset).merged(identifiers or OriginalIdentifiers())
    walk = Walk(
        policy=policy,
        keys=keys,
        iod=iod_of(sop_class),
        cleaner=TextCleaner(known.without_kept(policy)),
        catalogue=catalogue,
    )
    try:
        scrubbed = scrub_pixel_bytes(dataset, syntax)
    except ValueError as error:
        raise RefusedError("embedded-overlay", sop_class) from error
    walk.dataset(dataset)
    walk.changes += [TagChange("(7FE0,0010)", "PixelData", "OB", "C", what, "bytes", "") for what in scrubbed]
    if 0x00100020 not in dataset:
        dataset.add_new(0x00100020, "LO", keys.pseudonym())
    if policy.markers:
        walk.changes += _mark(dataset, policy, pixels)
    return DeidResult(
        file_bytes=write_instance(dataset, sop_class, syntax),
        manifest=walk.changes,
        vault_records=walk.vault,
        withheld=None,
        sop_class_uid=sop_class,
        sop_instance_uid=str(dataset.SOPInstanceUID),
        series_instance_uid=str(dataset.get("SeriesInstanceUID") or ""),
        study_instance_uid=str(dataset.get("StudyInstanceUID") or ""),
    )


def read_instance(data: bytes) -> pydicom.FileDataset:
    """Parse a DICOM file, with or without preamble and file meta. Raises RefusedError where it is no complete one."""
    try:
        dataset = pydicom.dcmread(io.BytesIO(data), force=True)
        if len(dataset) == 0 or not any(int(tag) >> 16 in {0x0008, 0x0004} for tag in dataset.keys()):
            raise RefusedError("unreadable-file")
        _check_complete(dataset)
    except (InvalidDicomError, EOFError, BytesLengthException, ValueError, OSError, NotImplementedError) as error:
        raise RefusedError("unreadable-file") from error
    if not hasattr(dataset, "file_meta") or dataset.file_meta is None:
        dataset.file_meta = FileMetaDataset()
    if not dataset.file_meta.get("TransferSyntaxUID"):
        dataset.file_meta.TransferSyntaxUID = _guessed_syntax(dataset)
    return dataset


def write_instance(dataset: pydicom.FileDataset, sop_class_uid: str, transfer_syntax_uid: str) -> bytes:
    """The dataset as a DICOM file: preamble zero, file meta made anew, nothing of the original file around it."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    meta.MediaStorageSOPInstanceUID = UID(str(dataset.SOPInstanceUID))
    meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _sop_class(dataset: Dataset) -> str:
    """The SOP class of the dataset, or of its file meta where the dataset does not say."""
    sop_class = str(dataset.get("SOPClassUID") or "").strip("\0 ")
    if not sop_class:
        sop_class = str(dataset.file_meta.get("MediaStorageSOPClassUID") or "").strip("\0 ")
        if sop_class:
            dataset.SOPClassUID = UID(sop_class)
    return sop_class


def _check_complete(dataset: Dataset) -> None:
    for tag in dataset.keys():
        raw = dataset.get_item(tag)
        if isinstance(raw, RawDataElement) and raw.length != 0xFFFFFFFF and len(raw.value or b"") < raw.length:
            raise RefusedError("truncated-file")


def _guessed_syntax(dataset: Dataset) -> UID:
    """The syntax that the parser found; a file without meta is never compressed."""
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _to_bytes(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset)
    return buffer.getvalue()


def _mark(dataset: Dataset, policy: Policy, pixels: PixelCheck | None) -> list[TagChange]:
    """Write what was done, and nothing that was not: (0012,006x), (0028,030x). Source: PS3.15 E.1.1, E.3."""
    claimed = set(policy.options) - {Option.CLEAN_PIXEL_DATA, Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES}
    values: dict[str, str] = {}
    if pixels is not None and pixels.text_free:
        values["BurnedInAnnotation"] = "NO"
        if Option.CLEAN_PIXEL_DATA in policy.options:
            claimed.add(Option.CLEAN_PIXEL_DATA)
    if pixels is not None and pixels.features_attested:
        values["RecognizableVisualFeatures"] = "NO"
        claimed.add(Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES)
    values["PatientIdentityRemoved"] = "YES"
    values["LongitudinalTemporalInformationModified"] = _longitudinal(policy)
    dataset.DeidentificationMethod = [f"{METHOD} {ENGINE_VERSION}", f"{policy.name} {policy.version}"[:64]]
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    codes = [BASIC_CODE, *sorted(option.code for option in claimed)]
    dataset.DeidentificationMethodCodeSequence = [_code_item(value, meaning) for value, meaning in codes]
    written = [*values, "DeidentificationMethod", "DeidentificationMethodCodeSequence"]
    return [_added(dataset, keyword) for keyword in sorted(written)]


def _longitudinal(policy: Policy) -> str:
    if Option.RETAIN_LONGITUDINAL_FULL in policy.options:
        return "UNMODIFIED"
    return "MODIFIED" if Option.RETAIN_LONGITUDINAL_MODIFIED in policy.options else "REMOVED"


def _code_item(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "DCM"
    item.CodeMeaning = meaning
    return item


def _added(dataset: Dataset, keyword: str) -> TagChange:
    element = dataset[keyword]
    return TagChange(format_tag(int(element.tag)), keyword, element.VR, "A", "marker", "empty", "")
