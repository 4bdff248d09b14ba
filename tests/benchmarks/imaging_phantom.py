"""The input of the imaging benchmarks: 500 CT slices of 512² int16 and five organs, written to a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from imaging.geometry import VolumeGeometry
from imaging.labelmap import CodedConcept, LabelMap, SegmentDescription

SLICES, ROWS, COLUMNS = 500, 512, 512
SPACING_MM = (1.0, 0.703125, 0.703125)
ORIGIN_LPS = (-180.0, -180.0, 0.0)
ROOT = "1.2.826.0.1.3680043.8.498.77"

_ORGANS = (
    ("Liver", "10200004", (250, 200, 180), (70, 90, 110)),
    ("Spleen", "78961009", (260, 250, 360), (45, 40, 35)),
    ("Right kidney", "64033007", (180, 320, 190), (55, 30, 28)),
    ("Left kidney", "64033007", (185, 320, 330), (55, 30, 28)),
    ("Urinary bladder", "89837001", (60, 260, 256), (35, 45, 50)),
)


def geometry(slices: int = SLICES) -> VolumeGeometry:
    """The grid of the phantom."""
    return VolumeGeometry(ORIGIN_LPS, ((0, 0, 1), (0, 1, 0), (1, 0, 0)), SPACING_MM, (slices, ROWS, COLUMNS))


def labelmap(slices: int = SLICES) -> LabelMap:
    """Five ellipsoids with a wavy surface, so that their outlines are not perfectly smooth."""
    array = np.zeros((slices, ROWS, COLUMNS), np.uint8)
    row, column = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    for number, (_, _, centre, radii) in enumerate(_ORGANS, start=1):
        angle = np.arctan2(row - centre[1], column - centre[2])
        for index in range(slices):
            height = ((index - centre[0]) / radii[0]) ** 2
            if height < 1:
                wave = 1 + 0.04 * np.sin(9 * angle + index / 7)
                inside = ((row - centre[1]) / radii[1]) ** 2 + ((column - centre[2]) / radii[2]) ** 2
                array[index][inside < (1 - height) * wave] = number
    segments = tuple(
        SegmentDescription(
            number,
            label,
            category=CodedConcept("123037004", "SCT", "Body structure"),
            type=CodedConcept(code, "SCT", label),
            algorithm_type="AUTOMATIC",
            algorithm_name="phantom",
        )
        for number, (label, code, _, _) in enumerate(_ORGANS, start=1)
    )
    return LabelMap(array, geometry(slices), segments)


def write_series(folder: Path, labels: LabelMap) -> list[Dataset]:
    """The CT with noise, as one file per slice; returns the headers without pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    body = ((column - 256) / 225) ** 2 + ((row - 256) / 175) ** 2 < 1
    headers = []
    for index, plane in enumerate(labels.labels()):
        tissue = np.where(body, 30.0 + 25 * (plane > 0) + 10 * np.sin(column / 23 + index / 11), -1000.0)
        noise = random.normal(0, 1, tissue.shape) * np.where(body, 14, 5)
        ds = _header(index)
        ds.PixelData = np.rint(tissue + noise).astype("<i2").tobytes()
        ds["PixelData"].VR = "OW"
        ds.save_as(folder / f"{index:04d}.dcm", enforce_file_format=True)
        del ds.PixelData
        headers.append(ds)
    return headers


def _header(index: int) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, f"{ROOT}.1.{index + 1}"
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = f"{ROOT}.2", f"{ROOT}.3", f"{ROOT}.4"
    ds.Modality, ds.ImageType, ds.Manufacturer = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"], "Phantom"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Phantom", "PHANTOM", "", "O"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20260101"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "120000"
    ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName, ds.PatientPosition = "1", "", "", "HFS"
    ds.PositionReferenceIndicator = ""
    ds.SeriesNumber, ds.InstanceNumber, ds.AcquisitionNumber = 1, index + 1, 1
    ds.ImagePositionPatient = [ORIGIN_LPS[0], ORIGIN_LPS[1], ORIGIN_LPS[2] + index * SPACING_MM[0]]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [SPACING_MM[1], SPACING_MM[2]], SPACING_MM[0]
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, 0, "HU"
    return ds
