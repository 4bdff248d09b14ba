"""Synthetic instances for the tests of series, pixels and quality: small, legal, and broken on request."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian

ROOT = "1.2.826.0.1.3680043.10.9999."
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
PT = "1.2.840.10008.5.1.4.1.1.128"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
US_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"
AXIAL = [1, 0, 0, 0, 1, 0]


def pixels(seed: int, shape: tuple[int, ...] = (16, 12), high: int = 2000) -> np.ndarray:
    """Reproducible samples that differ from seed to seed; 0 (air at intercept -1024) is always among them."""
    array = np.random.default_rng(seed).integers(0, high, shape).astype(np.uint16)
    array.reshape(-1)[0] = 0
    return array


def ct_slice(index: int = 0, z: float | None = None, **changes: Any) -> Dataset:
    """One conformant CT slice; `changes` set attributes, None removes one."""
    array = changes.pop("array", None)
    array = pixels(index) if array is None else array
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.FileMetaInformationVersion = b"\0\1"
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = UID(ROOT + "1")
    ds.SOPClassUID = UID(CT)
    ds.SOPInstanceUID = UID(f"{ROOT}4.{index + 1}")
    ds.StudyInstanceUID = UID(ROOT + "2")
    ds.SeriesInstanceUID = UID(ROOT + "3")
    ds.FrameOfReferenceUID = UID(ROOT + "5")
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Phantom^One", "P1", "19500101", "F"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20200102", "101500", "1", ""
    ds.ReferringPhysicianName, ds.Manufacturer, ds.PositionReferenceIndicator = "", "Phantom", ""
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber, ds.AcquisitionNumber = "CT", 1, index + 1, 1
    ds.ImageType, ds.KVP, ds.PatientPosition = ["ORIGINAL", "PRIMARY", "AXIAL"], "120", "HFS"
    ds.SliceThickness, ds.PixelSpacing = "2", ["0.5", "0.5"]
    ds.ImagePositionPatient = [-10, -20, 2.0 * index if z is None else z]
    ds.ImageOrientationPatient = AXIAL
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = array.shape[:2]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", "-1024", "HU"
    ds.PixelData = array.tobytes()
    ds["PixelData"].VR = "OW"
    return changed(ds, **changes)


def changed(ds: Dataset, **changes: Any) -> Dataset:
    """Set attributes of a data set by keyword; None removes one."""
    for keyword, value in changes.items():
        if value is None:
            if keyword in ds:
                delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def file_bytes(ds: Dataset) -> bytes:
    """The data set as a Part 10 file."""
    ds.file_meta.MediaStorageSOPClassUID = ds.get("SOPClassUID", UID(CT))
    ds.file_meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID", UID(ROOT + "99"))
    stream = io.BytesIO()
    ds.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def ct_series(count: int = 8, **changes: Any) -> list[bytes]:
    """A regular CT series as files."""
    return [file_bytes(ct_slice(index, **changes)) for index in range(count)]


def files(slices: Iterable[Dataset]) -> list[bytes]:
    """Data sets as files."""
    return [file_bytes(ds) for ds in slices]


def with_frames(ds: Dataset, syntax: str, frames: Sequence[bytes], *, offsets: bool = True) -> Dataset:
    """The data set with encapsulated frames of another transfer syntax."""
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.PixelData = encapsulate(list(frames), has_bot=offsets)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return ds


def item(**values: Any) -> Dataset:
    """A sequence item."""
    return changed(Dataset(), **values)


def enhanced_mr(
    positions: Sequence[Sequence[float]],
    array: np.ndarray,
    *,
    slopes: Sequence[float] | None = None,
    contents: Sequence[dict[str, Any]] | None = None,
    echoes: Sequence[float] | None = None,
    b_values: Sequence[float] | None = None,
) -> Dataset:
    """An enhanced MR with one functional group item per frame; `array` is (frames, rows, columns) uint16."""
    ds = ct_slice(0, array=array[0])
    ds.SOPClassUID, ds.Modality = UID(ENHANCED_MR), "MR"
    del ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing, ds.SliceThickness
    del ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType
    ds.NumberOfFrames = len(array)
    ds.PixelData = array.astype(np.uint16).tobytes()
    ds.SharedFunctionalGroupsSequence = [
        item(
            PlaneOrientationSequence=[item(ImageOrientationPatient=AXIAL)],
            PixelMeasuresSequence=[item(PixelSpacing=["0.5", "0.5"], SliceThickness="3")],
        )
    ]
    groups = []
    for index, position in enumerate(positions):
        group = item(PlanePositionSequence=[item(ImagePositionPatient=list(position))])
        group.FrameContentSequence = [item(**(contents[index] if contents else {"StackID": "1"}))]
        if slopes is not None:
            group.PixelValueTransformationSequence = [
                item(RescaleSlope=str(slopes[index]), RescaleIntercept="0", RescaleType="US")
            ]
        if echoes is not None:
            group.MREchoSequence = [item(EffectiveEchoTime=float(echoes[index]))]
        if b_values is not None:
            group.MRDiffusionSequence = [item(DiffusionBValue=float(b_values[index]))]
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = groups
    return ds


def csa_header(values: dict[str, list[str]]) -> bytes:
    """A Siemens CSA2 header with text values."""
    out = b"SV10\4\3\2\1" + struct.pack("<II", len(values), 77)
    for name, texts in values.items():
        out += struct.pack("<64si4siii", name.encode(), len(texts), b"FD\0\0", 4, len(texts), 77)
        for text in texts:
            data = text.encode() + b"\0"
            out += struct.pack("<4i", len(data), len(data), 77, len(data)) + data + b"\0" * (-len(data) % 4)
    return out
