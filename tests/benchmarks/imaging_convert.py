"""Conversions beside their peers on the same input in the same minute; ratio = peer / ours, medians.

    python tests/benchmarks/imaging_convert.py [--runs 5] [--slices 500]

rt-utils is no dependency (it pins OpenCV): its figure is printed when RT_UTILS_PYTHON names an interpreter that has it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
from imaging_phantom import labelmap, write_series
from pydicom import Dataset
from pydicom.sr.coding import Code

from imaging.convert.series import convert_series
from imaging.labelmap import LabelMap
from imaging.nifti import write_nifti
from imaging.rtstruct import read_rtstruct, structure_set_to_labelmap, write_rtstruct
from imaging.seg import read_seg, write_seg

IDENTITY: dict[str, Any] = {
    "series_instance_uid": "1.2.826.0.1.3680043.8.498.88.1",
    "sop_instance_uid": "1.2.826.0.1.3680043.8.498.88.2",
    "content_datetime": datetime(2026, 1, 1, 12, tzinfo=UTC),
}
BIN = Path(sys.executable).parent

RT_UTILS = """
import sys, time, logging
logging.disable(logging.CRITICAL)
from rt_utils import RTStructBuilder
start = time.perf_counter()
structures = RTStructBuilder.create_from(dicom_series_path=sys.argv[1], rt_struct_path=sys.argv[2])
masks = [structures.get_roi_mask_by_name(name) for name in structures.get_roi_names()]
print(time.perf_counter() - start, *[int(mask.sum()) for mask in masks])
"""


def medians(runs: int, works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of each work, taken in turn so that a busy minute hits all of them."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            start = time.perf_counter()
            seconds = work()
            taken[name].append(seconds if isinstance(seconds, float) else time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in taken.items()}


def show(title: str, times: dict[str, float], goals: dict[str, float], note: str = "") -> None:
    """One line per peer: seconds, ours, ratio, whether the goal is met."""
    ours = times["ours"]
    for peer, seconds in times.items():
        if peer != "ours":
            ratio, goal = seconds / ours, goals[peer]
            verdict = "met" if ratio >= goal else "NOT met"
            print(
                f"{title:22} {peer:22} {seconds:7.3f} s   ours {ours:6.3f} s   {ratio:5.1f}x (goal {goal:g}x: {verdict}) {note}"
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
        works["rt-utils"] = lambda: float(_run(peer, "-c", RT_UTILS, str(folder), str(path)).split()[0])
    times = medians(runs, works)
    back = structure_set_to_labelmap(read_rtstruct(path), labels.geometry)
    assert np.array_equal(back.labels(), labels.labels())
    if peer:
        show("RTSTRUCT -> masks", times, {"rt-utils": 10})
    else:
        print(f"RTSTRUCT -> masks      ours {times['ours']:.3f} s (RT_UTILS_PYTHON is not set: no peer)")


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
