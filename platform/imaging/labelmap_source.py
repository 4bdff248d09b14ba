"""What a derived object (SEG, RTSTRUCT, SR) takes over from the images it was made on: patient, study, references."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.config import RAISE
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, UID, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import validate_value

from imaging import ENGINE_VERSION
from imaging.errors import ConversionError, InputError
from imaging.geometry import VolumeGeometry

# Attributes of the Patient, Patient Study, Clinical Trial and General Study modules (PS3.3 C.7.1, C.7.2), which every
# object of a study repeats unchanged.
_SHARED_KEYWORDS = (
    "TimezoneOffsetFromUTC StudyDate StudyTime AccessionNumber IssuerOfAccessionNumberSequence ReferringPhysicianName "
    "StudyDescription PatientName PatientID IssuerOfPatientID PatientBirthDate PatientSex PatientAge PatientSize "
    "PatientWeight PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence "
    "LongitudinalTemporalInformationModified ClinicalTrialSponsorName ClinicalTrialProtocolID "
    "ClinicalTrialProtocolName ClinicalTrialSiteID ClinicalTrialSiteName ClinicalTrialSubjectID "
    "ClinicalTrialSubjectReadingID ClinicalTrialTimePointID ClinicalTrialTimePointDescription "
    "ClinicalTrialCoordinatingCenterName StudyInstanceUID StudyID"
).split()
_TYPE_2_KEYWORDS = (
    "StudyDate StudyTime AccessionNumber ReferringPhysicianName PatientName PatientID PatientBirthDate PatientSex "
    "StudyID"
).split()

MANUFACTURER = "Fiducial"
MODEL_NAME = "Fiducial imaging engine"


@dataclass(frozen=True)
class SourceFrame:
    """One image plane of the source: `frame_number` counts from 1 and is None for a single-frame instance."""

    sop_class_uid: str
    sop_instance_uid: str
    frame_number: int | None
    position_lps: tuple[float, float, float] | None


@dataclass(frozen=True)
class SourceImages:
    """The images of one series, in any order."""

    first: Dataset
    frames: tuple[SourceFrame, ...]

    @classmethod
    def from_datasets(cls, datasets: Sequence[Dataset]) -> SourceImages:
        """Raises `InputError` for none or for more than one series."""
        if not datasets:
            raise InputError("A derived object needs its source images", remedy="Name the series with --reference.")
        if len({str(ds.get("SeriesInstanceUID", "")) for ds in datasets}) > 1:
            raise InputError("The source images are of several series", remedy="Name one series.", tag="(0020,000E)")
        return cls(datasets[0], tuple(frame for ds in datasets for frame in _frames_of(ds)))

    @property
    def series_instance_uid(self) -> str:
        """SeriesInstanceUID of the source."""
        return str(self.first.get("SeriesInstanceUID", ""))

    @property
    def frame_of_reference_uid(self) -> str:
        """FrameOfReferenceUID of the source. Raises `ConversionError` where there is none."""
        uid = str(self.first.get("FrameOfReferenceUID", ""))
        if not uid:
            raise ConversionError(
                "The source images have no frame of reference, patient coordinates would mean nothing",
                remedy="Use images with FrameOfReferenceUID.",
                tag="(0020,0052)",
            )
        return uid

    def instances(self) -> list[tuple[str, str]]:
        """(SOP class, SOP instance) of every instance once, in the given order."""
        return list(dict.fromkeys((frame.sop_class_uid, frame.sop_instance_uid) for frame in self.frames))

    def frames_of_slices(self, geometry: VolumeGeometry) -> list[SourceFrame | None]:
        """The frame that lies on each slice of `geometry`, None where there is none.

        A frame belongs to a slice when its position is within a tenth of the slice spacing of the first voxel of
        the slice; positions of a real series are not exactly even.
        """
        placed = [frame for frame in self.frames if frame.position_lps is not None]
        if not placed or not self._same_plane(geometry):
            return [None] * geometry.size[0]
        positions = np.array([frame.position_lps for frame in placed], float)
        index = np.zeros((geometry.size[0], 3))
        index[:, 0] = np.arange(geometry.size[0])
        corners = geometry.point_lps(index)
        tolerance = max(0.02, 0.1 * geometry.spacing_mm[0])
        found: list[SourceFrame | None] = []
        for corner in corners:
            distance = np.linalg.norm(positions - corner, axis=1)
            nearest = int(distance.argmin())
            found.append(placed[nearest] if distance[nearest] <= tolerance else None)
        return found

    def nearest_frames(self, point_lps: NDArray[np.float64]) -> list[SourceFrame]:
        """What a plane through `point_lps` that is no image plane itself was made from: the two nearest images.

        Without positions, the first image.
        """
        placed = [frame for frame in self.frames if frame.position_lps is not None]
        orientation, _ = plane_of(self.first)
        if not placed or orientation is None:
            return list(self.frames[:1])
        normal = np.cross(orientation[:3], orientation[3:])
        distance = np.abs((np.array([frame.position_lps for frame in placed], float) - point_lps) @ normal)
        return [placed[index] for index in np.argsort(distance, kind="stable")[:2].tolist()]

    def _same_plane(self, geometry: VolumeGeometry) -> bool:
        orientation, spacing = plane_of(self.first)
        if orientation is None or spacing is None:
            return False
        direction = np.asarray(geometry.direction)
        same_axes = np.allclose(orientation, np.concatenate([direction[:, 2], direction[:, 1]]), atol=1e-3)
        return (
            bool(same_axes and np.allclose(spacing, geometry.spacing_mm[1:], rtol=1e-3))
            and (
                int(self.first.get("Rows", 0)),
                int(self.first.get("Columns", 0)),
            )
            == geometry.size[1:]
        )


def plane_of(ds: Dataset) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """(ImageOrientationPatient, PixelSpacing) of a single-frame or enhanced image; None where absent."""
    groups = [ds]
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups.extend(list(ds.get(keyword) or [])[:1])
    orientation = spacing = None
    for group in groups:
        orientation = orientation or _first(group, "PlaneOrientationSequence").get("ImageOrientationPatient")
        spacing = spacing or _first(group, "PixelMeasuresSequence").get("PixelSpacing")
    orientation = orientation or ds.get("ImageOrientationPatient")
    spacing = spacing or ds.get("PixelSpacing")
    return (
        None if not orientation else np.array(orientation, float),
        None if not spacing else np.array(spacing, float),
    )


def _first(ds: Dataset, keyword: str) -> Dataset:
    items = ds.get(keyword)
    return items[0] if items else Dataset()


def _frames_of(ds: Dataset) -> list[SourceFrame]:
    # Some exports lose the UIDs of the data set and keep those of the file meta information, which are the same.
    meta = getattr(ds, "file_meta", None) or Dataset()
    sop_class = str(ds.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or "")
    sop_instance = str(ds.get("SOPInstanceUID") or meta.get("MediaStorageSOPInstanceUID") or "")
    if not sop_instance:
        raise ConversionError(
            "A source image has no SOP instance UID and cannot be referred to", remedy="Repair it.", tag="(0008,0018)"
        )
    per_frame = ds.get("PerFrameFunctionalGroupsSequence")
    if not per_frame:
        return [SourceFrame(sop_class, sop_instance, None, _position(ds.get("ImagePositionPatient")))]
    return [
        SourceFrame(
            sop_class,
            sop_instance,
            number,
            _position(_first(group, "PlanePositionSequence").get("ImagePositionPatient")),
        )
        for number, group in enumerate(per_frame, start=1)
    ]


def _position(value: Any) -> tuple[float, float, float] | None:
    if not value or len(value) != 3:
        return None
    return float(value[0]), float(value[1]), float(value[2])


def derived_dataset(
    source: SourceImages,
    *,
    sop_class_uid: str,
    modality: str,
    series_instance_uid: str,
    sop_instance_uid: str,
    series_number: int,
    instance_number: int,
    content_datetime: datetime,
    series_description: str | None,
    manufacturer: str = MANUFACTURER,
) -> Dataset:
    """A dataset with file meta, patient, study, series, equipment and SOP common filled; explicit little endian."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    # Present, the length is put right on writing; absent, a plain save_as would leave it out.
    ds.file_meta.FileMetaInformationGroupLength = 0
    ds.file_meta.FileMetaInformationVersion = b"\0\1"
    ds.file_meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    ds.file_meta.MediaStorageSOPInstanceUID = UID(sop_instance_uid)
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    ds.file_meta.ImplementationVersionName = f"FIDUCIAL_{ENGINE_VERSION}"[:16]
    ds.preamble = b"\0" * 128
    ds.SpecificCharacterSet = "ISO_IR 192"
    _copy_shared(source.first, ds)
    date, time = dicom_date(content_datetime), dicom_time(content_datetime)
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class_uid, sop_instance_uid
    ds.InstanceCreationDate, ds.InstanceCreationTime = date, time
    ds.Modality = modality
    ds.SeriesInstanceUID = series_instance_uid
    ds.SeriesNumber, ds.InstanceNumber = series_number, instance_number
    ds.SeriesDate, ds.SeriesTime = date, time
    if series_description:
        ds.SeriesDescription = series_description
    ds.Manufacturer, ds.ManufacturerModelName = manufacturer, MODEL_NAME
    ds.DeviceSerialNumber, ds.SoftwareVersions = "1", ENGINE_VERSION
    return ds


def _copy_shared(first: Dataset, ds: Dataset) -> None:
    for keyword in _TYPE_2_KEYWORDS:
        setattr(ds, keyword, "")
    for keyword in _SHARED_KEYWORDS:
        value = first.get(keyword)
        if value is not None and value != "" and _fits(first[keyword]):
            # A name read in another character set must be written in this one: hand over text, not bytes.
            setattr(ds, keyword, str(value) if keyword.endswith("Name") else copy.deepcopy(value))
    if not ds.get("StudyInstanceUID"):
        raise ConversionError("The source images have no study", remedy="Repair StudyInstanceUID.", tag="(0020,000D)")


def _fits(element: DataElement) -> bool:
    """Whether a value is one its VR allows: what the source got wrong is left out, not repeated (PS3.5 6.2)."""
    if element.VR == "SQ":
        return True
    values = element.value if isinstance(element.value, MultiValue) else [element.value]
    try:
        for value in values:
            validate_value(element.VR, str(value), RAISE)
    except ValueError:
        return False
    return True


def dicom_date(moment: datetime) -> str:
    """DA."""
    return moment.strftime("%Y%m%d")


def dicom_time(moment: datetime) -> str:
    """TM with microseconds."""
    return moment.strftime("%H%M%S.%f")


def child_uid(*parts: str) -> str:
    """A UID that depends on `parts` only, for what must be unique inside a deterministic object."""
    return str(generate_uid(entropy_srcs=list(parts)))


def code_item(code: tuple[str, str, str]) -> Dataset:
    """A code sequence item (PS3.3 8.8); long values and URNs go where the standard puts them."""
    value, scheme, meaning = code
    item = Dataset()
    if value.startswith(("urn:", "http://", "https://")):
        item.URNCodeValue = value
    elif len(value) > 16:
        item.LongCodeValue = value
    else:
        item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning[:64]
    return item
