"""Files as senders send them: small, synthetic, with identities planted in them."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

ROWS, COLUMNS = 24, 32
CANARY = "CANARY^Quintessa"


def uid() -> str:
    """A fresh DICOM UID."""
    return f"2.25.{uuid.uuid4().int}"


def ct_series(count: int = 4, *, patient: str = "MRN-7731904", study: str = "", **attributes: Any) -> list[bytes]:
    """The files of one CT series, with a patient's name, number and birth date in every one."""
    study_uid, series_uid, frame_uid = study or uid(), uid(), uid()
    return [
        ct_file(study_uid, series_uid, index, patient=patient, FrameOfReferenceUID=frame_uid, **attributes)
        for index in range(count)
    ]


def ct_file(study_uid: str, series_uid: str, index: int, *, patient: str = "MRN-7731904", **attributes: Any) -> bytes:
    """One slice."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, f"{series_uid}.{index + 1}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study_uid, series_uid
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = "20190314"
    dataset.StudyTime = dataset.ContentTime = "101500"
    dataset.AccessionNumber, dataset.ReferringPhysicianName = "ACC4455667", "REFERRER^Ruth"
    dataset.Modality, dataset.Manufacturer = "CT", "ACME"
    dataset.StudyDescription, dataset.SeriesDescription = "CHEST CT", "LUNG"
    dataset.PatientName, dataset.PatientID = CANARY, patient
    dataset.PatientBirthDate, dataset.PatientSex, dataset.PatientAge = "19610203", "F", "058Y"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber, dataset.AcquisitionNumber = "1", 2, index + 1, 1
    dataset.PatientPosition = "HFS"
    dataset.ImagePositionPatient = [-50.0, -40.0, 2.5 * index]
    dataset.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = uid(), ""
    dataset.PixelSpacing, dataset.SliceThickness, dataset.KVP = [0.7, 0.8], 2.5, 120
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = pixels(index).tobytes()
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{series_uid}.{index + 1}")
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def pixels(index: int) -> np.ndarray:
    """The stored values of a slice: a ramp no two slices share."""
    return (np.arange(ROWS * COLUMNS, dtype="<i2").reshape(ROWS, COLUMNS) * (index + 1)).astype("<i2")


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()
