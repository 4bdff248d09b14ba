"""Conversions beside their peers on the same input in the same minute; ratio = peer / ours, medians.

    python tests/benchmarks/imaging_convert.py [--runs 5] [--slices 500]

rt-utils is no dependency (it pins OpenCV): its figure is printed when RT_UTILS_PYTHON names an interpreter that has it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import highdicom as hd
import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from imaging.convert.series import convert_series
from imaging.geometry import VolumeGeometry
from imaging.labelmap import CodedConcept, LabelMap, SegmentDescription
from imaging.nifti import write_nifti
from imaging.rtstruct import read_rtstruct, structure_set_to_labelmap, write_rtstruct
from imaging.seg import read_seg, write_seg

IDENTITY: dict[str, Any] = {
    "series_instance_uid": "1.2.826.0.1.3680043.8.498.88.1",
    "sop_instance_uid": "1.2.826.0.1.3680043.8.498.88.2",
    "content_datetime": datetime(2026, 1, 1, 12, tzinfo=UTC),
}
BIN = Path(sys.executable).parent

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
    scale = slices / SLICES
    row, column = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    for number, (_, _, centre, radii) in enumerate(_ORGANS, start=1):
        angle = np.arctan2(row - centre[1], column - centre[2])
        for index in range(slices):
            height = ((index / scale - centre[0]) / radii[0]) ** 2
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


RT_UTILS = """
import sys, time, logging
logging.disable(logging.CRITICAL)
from rt_utils import RTStructBuilder
wall, cpu = time.perf_counter(), time.process_time()
structures = RTStructBuilder.create_from(dicom_series_path=sys.argv[1], rt_struct_path=sys.argv[2])
masks = [structures.get_roi_mask_by_name(name) for name in structures.get_roi_names()]
print(time.perf_counter() - wall, time.process_time() - cpu)
"""


class Times(NamedTuple):
    """Seconds on the clock and of the processor; the latter do not feel what else the machine is doing."""

    wall: float
    cpu: float


def measured(work: Callable[[], object]) -> Times:
    """One run. A work that starts another program may return its own times, without the start of the interpreter."""
    wall, cpu = time.perf_counter(), _cpu()
    own = work()
    return own if isinstance(own, Times) else Times(time.perf_counter() - wall, _cpu() - cpu)


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def medians(runs: int, works: dict[str, Callable[[], object]]) -> dict[str, Times]:
    """Times of each work, taken in turn so that a busy minute hits all of them."""
    taken: dict[str, list[Times]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            taken[name].append(measured(work))
    return {
        name: Times(statistics.median(t.wall for t in times), statistics.median(t.cpu for t in times))
        for name, times in taken.items()
    }


def show(title: str, times: dict[str, Times], goals: dict[str, float], note: str = "") -> None:
    """One line per peer: seconds, ours, ratio on the clock and of processor time, whether the goal is met."""
    ours = times["ours"]
    for peer, taken in times.items():
        if peer != "ours":
            ratio, goal = taken.wall / ours.wall, goals[peer]
            verdict = "met" if ratio >= goal else "NOT met"
            print(
                f"{title:18} {peer:15} {taken.wall:7.3f} s  ours {ours.wall:6.3f} s  {ratio:5.1f}x "
                f"(goal {goal:g}x {verdict}; processor {taken.cpu / ours.cpu:.1f}x) {note}",
                flush=True,
            )


def series_to_nifti(folder: Path, work: Path, runs: int) -> None:
    def ours() -> None:
        shutil.rmtree(work / "ours", ignore_errors=True)
        (work / "ours").mkdir()
        convert_series(sorted(folder.iterdir()), work / "ours")

    def peer() -> None:
        _run(str(BIN / "dcm2niix"), "-z", "y", "-b", "n", "-w", "1", "-f", "peer", "-o", str(work), str(folder))

    times = medians(runs, {"dcm2niix -z y": peer, "ours": ours})
    mine = next((work / "ours").glob("*.nii.gz")).stat().st_size
    size = mine / (work / "peer.nii.gz").stat().st_size
    show("series -> nii.gz", times, {"dcm2niix -z y": 3}, f"size {100 * (size - 1):+.1f} % (goal within 3 %)")


def seg_encode(labels: LabelMap, headers: list[Dataset], folder: Path, work: Path, runs: int) -> None:
    descriptions = [
        hd.seg.SegmentDescription(
            segment_number=s.number,
            segment_label=s.label,
            segmented_property_category=Code(*s.category),
            segmented_property_type=Code(*s.type),
            algorithm_type="AUTOMATIC",
            algorithm_identification=hd.AlgorithmIdentificationSequence(
                name="phantom", version="1", family=Code("123109", "DCM", "Manual Processing")
            ),
        )
        for s in labels.segments
    ]

    def ours() -> None:
        write_seg(labels, headers, **IDENTITY).save_as(work / "ours.seg.dcm")

    def highdicom() -> None:
        seg = hd.seg.Segmentation(
            source_images=headers,
            pixel_array=labels.labels(),
            segmentation_type="BINARY",
            segment_descriptions=descriptions,
            series_instance_uid=IDENTITY["series_instance_uid"],
            series_number=1,
            sop_instance_uid=IDENTITY["sop_instance_uid"],
            instance_number=1,
            manufacturer="x",
            manufacturer_model_name="x",
            software_versions="1",
            device_serial_number="1",
        )
        seg.save_as(work / "peer.seg.dcm")

    write_nifti(work / "labels.nii.gz", labels.labels(), labels.geometry)
    (work / "meta.json").write_text(_dcmqi_meta(labels), "utf-8")

    def dcmqi() -> None:
        _run(
            str(BIN / "itkimage2segimage"), "--inputImageList", str(work / "labels.nii.gz"), "--inputMetadata",
            str(work / "meta.json"), "--inputDICOMDirectory", str(folder), "--outputDICOM", str(work / "dcmqi.seg.dcm"),
            "--skip", "1",
        )  # fmt: skip

    times = medians(runs, {"highdicom": highdicom, "dcmqi": dcmqi, "ours": ours})
    show("SEG encode BINARY", times, {"highdicom": 3, "dcmqi": 3})


def seg_decode(labels: LabelMap, headers: list[Dataset], work: Path, runs: int) -> None:
    path = work / "ours.seg.dcm"
    uids = [str(ds.SOPInstanceUID) for ds in headers]
    numbers = [segment.number for segment in labels.segments]

    def ours() -> None:
        assert read_seg(path, labels.geometry).array is not None

    def highdicom() -> None:
        hd.seg.segread(path).get_pixels_by_source_instance(
            uids,
            segment_numbers=numbers,
            combine_segments=True,
            ignore_spatial_locations=True,
            assert_missing_frames_are_empty=True,
            skip_overlap_checks=True,
        )

    def dcmqi() -> None:
        _run(
            str(BIN / "segimage2itkimage"), "--inputDICOM", str(path), "--outputDirectory", str(work), "-t", "nii",
            "--mergeSegments",
        )  # fmt: skip

    times = medians(runs, {"highdicom": highdicom, "dcmqi": dcmqi, "ours": ours})
    show("SEG decode BINARY", times, {"highdicom": 2, "dcmqi": 3})
    assert np.array_equal(read_seg(path, labels.geometry).labels(), labels.labels())


def rtstruct_to_masks(labels: LabelMap, headers: list[Dataset], folder: Path, work: Path, runs: int) -> None:
    path = work / "rtstruct.dcm"
    write_rtstruct(labels, headers, **IDENTITY).save_as(path)

    def ours() -> None:
        from imaging.convert.reference import open_reference

        structure_set_to_labelmap(read_rtstruct(path), open_reference(folder).geometry)

    works: dict[str, Callable[[], object]] = {"ours": ours}
    peer = os.environ.get("RT_UTILS_PYTHON")
    if peer:
        works["rt-utils"] = lambda: Times(*map(float, _run(peer, "-c", RT_UTILS, str(folder), str(path)).split()))
    times = medians(runs, works)
    back = structure_set_to_labelmap(read_rtstruct(path), labels.geometry)
    assert np.array_equal(back.labels(), labels.labels())
    if peer:
        show("RTSTRUCT -> masks", times, {"rt-utils": 10})
    else:
        print(f"RTSTRUCT -> masks      ours {times['ours'].wall:.3f} s (RT_UTILS_PYTHON is not set: no peer)")


def _dcmqi_meta(labels: LabelMap) -> str:
    import json

    def code(triplet: Sequence[str]) -> dict[str, str]:
        return dict(zip(("CodeValue", "CodingSchemeDesignator", "CodeMeaning"), triplet, strict=True))

    segments = [
        {
            "labelID": s.number,
            "SegmentDescription": s.label,
            "SegmentLabel": s.label,
            "SegmentAlgorithmType": "AUTOMATIC",
            "SegmentAlgorithmName": "phantom",
            "SegmentedPropertyCategoryCodeSequence": code(s.category),
            "SegmentedPropertyTypeCodeSequence": code(s.type),
        }
        for s in labels.segments
    ]
    return json.dumps({"ContentCreatorName": "Bench", "SeriesNumber": "1", "segmentAttributes": [segments]})


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slices", type=int, default=500)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        labels = labelmap(args.slices)
        headers = write_series(work / "ct", labels)
        series_to_nifti(work / "ct", work, args.runs)
        seg_encode(labels, headers, work / "ct", work, args.runs)
        seg_decode(labels, headers, work, args.runs)
        rtstruct_to_masks(labels, headers, work / "ct", work, args.runs)


if __name__ == "__main__":
    main()
