"""DICOM SEG against dcmqi's truths, and what is written against the field's own readers and validator."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom as hd
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset, dcmread

from imaging.errors import ConversionError, GeometryError, PixelDataError, ReferencedInstanceError, UnsupportedError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import CodedConcept, LabelMap, SegmentDescription, cielab_from_rgb
from imaging.nifti import read_nifti
from imaging.seg import read_seg, write_seg

LIVER = CodedConcept("10200004", "SCT", "Liver")
SEGMENTS = (
    SegmentDescription(
        1,
        "Nodule",
        category=CodedConcept("49755003", "SCT", "Morphologically Abnormal Structure"),
        type=CodedConcept("27925004", "SCT", "Nodule"),
        anatomic_region=CodedConcept("39607008", "SCT", "Lung"),
        laterality=CodedConcept("24028007", "SCT", "Right"),
        tracking_uid="1.2.3.4",
        tracking_id="lesion 1",
        recommended_cielab=cielab_from_rgb(200, 30, 30),
    ),
    SegmentDescription(2, "Leber (Übersicht)", type=LIVER, algorithm_type="AUTOMATIC", algorithm_name="model 3"),
    SegmentDescription(3, "Nothing found", type=LIVER),
)


@pytest.fixture
def series(golden: Path, read_headers: Callable[[Path], list[Dataset]]) -> list[Dataset]:
    return read_headers(golden / "dcmqi" / "23x38x3" / "image")


@pytest.fixture
def labelmap(series: list[Dataset], grid_of: Callable[[list[Dataset]], VolumeGeometry]) -> LabelMap:
    geometry = grid_of(series)
    array = np.zeros(geometry.size, np.uint8)
    array[0, 3:20, 2:9] = 1
    array[2, 10:12, 4:21] = 2
    array[2, 0, 0] = 1
    return LabelMap(array, geometry, SEGMENTS)


@pytest.mark.parametrize(
    ("name", "truth", "voxels"),
    [
        ("23x38x3/seg/label.seg", "23x38x3/nrrd/label.nrrd", 322),  # 874 pixels: frames do not end on a byte
        ("24x38x3/seg/label.seg", "24x38x3/nrrd/label.nrrd", 315),
        ("sparse-labelmap-noppv.dcm", "sparse_labelmap_noppv_seg.nrrd", 630),
        ("sparse-labelmap-ppv5.dcm", "sparse_labelmap_ppv5_seg.nrrd", 630),  # background is stored as 5
    ],
)
def test_dcmqi_truths_voxel_by_voxel(golden: Path, name: str, truth: str, voxels: int) -> None:
    labelmap = read_seg(golden / "dcmqi" / name)
    expected, header = nrrd.read(str(golden / "dcmqi" / truth))
    assert labelmap.voxel_count(1) == voxels
    assert np.array_equal(labelmap.mask(1), expected.transpose(2, 1, 0) == 1)
    assert np.allclose(labelmap.geometry.origin_lps, header["space origin"], atol=1e-3)


def test_overlapping_segments_of_dcmqi(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "08_seg_sr_dcmqi"
    labelmap = read_seg(folder / "partial_overlaps.dcm")
    assert labelmap.is_overlapping
    for part in (1, 2, 3):
        expected = nrrd.read(str(folder / f"partial_overlaps-{part}.nrrd"))[0].transpose(2, 1, 0)
        for number in set(np.unique(expected)) - {0}:
            assert np.array_equal(labelmap.mask(int(number)), expected == number)
    with pytest.raises(ConversionError, match="overlap"):
        labelmap.labels()


def test_liver_of_dcmqi(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "08_seg_sr_dcmqi"
    labelmap = read_seg(folder / "liver.dcm")
    assert labelmap.voxel_count(1) == 107098
    assert np.array_equal(labelmap.labels(), nrrd.read(str(folder / "liver_seg.nrrd"))[0].transpose(2, 1, 0))


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_round_trip_keeps_voxels_meaning_and_empty_segments(
    labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any], kind: Any, tmp_path: Path
) -> None:
    path = tmp_path / "seg.dcm"
    write_seg(labelmap, series, segmentation_type=kind, **identity).save_as(path)

    back = read_seg(path, labelmap.geometry)

    assert back.segments == SEGMENTS
    for segment in SEGMENTS:
        assert np.array_equal(back.mask(segment.number), labelmap.mask(segment.number))
    assert back.geometry == labelmap.geometry
    assert back.segment(1).recommended_rgb == (200, 30, 30)


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_dciodvfy_finds_no_error(
    labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any], kind: Any, tmp_path: Path
) -> None:
    path = tmp_path / "seg.dcm"
    write_seg(labelmap, series, segmentation_type=kind, **identity).save_as(path)
    verdict = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert [line for line in verdict.stderr.splitlines() if line.startswith("Error")] == []
    assert "Segmentation" in verdict.stderr.splitlines()


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_highdicom_reads_the_same_voxels(
    labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any], kind: Any, tmp_path: Path
) -> None:
    path = tmp_path / "seg.dcm"
    write_seg(labelmap, series, segmentation_type=kind, **identity).save_as(path)
    segmentation = hd.seg.segread(path)
    uids = [ds.SOPInstanceUID for ds in series]
    pixels = segmentation.get_pixels_by_source_instance(
        uids,
        segment_numbers=[1, 2, 3],
        combine_segments=True,
        ignore_spatial_locations=True,
        assert_missing_frames_are_empty=True,
    )
    assert np.array_equal(pixels, labelmap.labels())


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_dcmqi_reads_the_same_voxels(
    labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any], kind: Any, tmp_path: Path
) -> None:
    write_seg(labelmap, series, segmentation_type=kind, **identity).save_as(tmp_path / "seg.dcm")
    reader = Path(sys.executable).parent / "segimage2itkimage"
    command = [str(reader), "--inputDICOM", str(tmp_path / "seg.dcm"), "--outputDirectory", str(tmp_path), "-t", "nii"]
    subprocess.run(command, check=True, capture_output=True)
    found = sum(np.count_nonzero(read_nifti(path)[0]) for path in tmp_path.glob("*.nii.gz"))
    assert found == int(np.count_nonzero(labelmap.labels()))


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_simpleitk_opens_it(
    labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any], kind: Any, tmp_path: Path
) -> None:
    # One segment on whole bytes: SimpleITK reads a stack of frames and knows no segments.
    geometry = replace(labelmap.geometry, size=(3, 32, 16))
    array = np.zeros(geometry.size, np.uint8)
    array[0, 3:9, 2:7], array[1, 4:8, 3:9], array[2, 1, 1] = 1, 1, 1
    for ds in series:
        ds.Rows, ds.Columns = 32, 16
    write_seg(LabelMap(array, geometry, SEGMENTS[:1]), series, segmentation_type=kind, **identity).save_as(
        tmp_path / "seg.dcm"
    )
    image: Any = sitk.ReadImage(str(tmp_path / "seg.dcm"))
    assert np.array_equal(sitk.GetArrayFromImage(image) > 0, array == 1)
    assert np.allclose(image.GetOrigin(), geometry.origin_lps, atol=1e-4)


def test_same_arguments_same_bytes_and_true_positions(
    labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any]
) -> None:
    written = []
    for order in (series, series[::-1]):
        buffer = io.BytesIO()
        write_seg(labelmap, order[:1] + order[1:], **identity).save_as(buffer)
        written.append(buffer.getvalue())
        buffer = io.BytesIO()
        write_seg(labelmap, order, **identity).save_as(buffer)
        assert buffer.getvalue() == written[-1]
    ds = dcmread(io.BytesIO(written[0]))
    frames = ds.PerFrameFunctionalGroupsSequence
    assert [f.SegmentIdentificationSequence[0].ReferencedSegmentNumber for f in frames] == [1, 1, 2]
    assert [list(f.FrameContentSequence[0].DimensionIndexValues) for f in frames] == [[1, 1], [1, 2], [2, 2]]
    for frame, index in zip(frames, (0, 2, 2), strict=True):
        assert frame.PlanePositionSequence[0].ImagePositionPatient == series[index].ImagePositionPatient
        image = frame.DerivationImageSequence[0].SourceImageSequence[0]
        assert image.ReferencedSOPInstanceUID == series[index].SOPInstanceUID


def test_planes_between_the_images_name_their_neighbours(
    labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any], tmp_path: Path
) -> None:
    geometry = replace(labelmap.geometry, spacing_mm=(1.25, *labelmap.geometry.spacing_mm[1:]), size=(5, 38, 23))
    array = np.zeros(geometry.size, np.uint8)
    array[:, 4:9, 4:9] = 1
    write_seg(LabelMap(array, geometry, SEGMENTS), series, **identity).save_as(tmp_path / "seg.dcm")
    ds = dcmread(tmp_path / "seg.dcm")
    named = [
        [image.ReferencedSOPInstanceUID for image in frame.DerivationImageSequence[0].SourceImageSequence]
        for frame in ds.PerFrameFunctionalGroupsSequence
    ]
    uids = [image.SOPInstanceUID for image in series]
    assert named == [uids[:1], uids[:2], uids[1:2], uids[1:], uids[2:]]
    verdict = subprocess.run(["dciodvfy", str(tmp_path / "seg.dcm")], capture_output=True, text=True, check=False)
    assert [line for line in verdict.stderr.splitlines() if line.startswith("Error")] == []
    assert np.array_equal(read_seg(ds, geometry).labels(), array)


def test_overlapping_masks_survive(labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any]) -> None:
    masks = [np.zeros(labelmap.geometry.size, bool) for _ in range(3)]
    masks[0][1, 2:30, 3:20] = True
    masks[1][1, 20:38, 10:23] = True
    overlapping = LabelMap.from_masks(masks, labelmap.geometry, SEGMENTS)
    ds = write_seg(overlapping, series, **identity)
    assert ds.SegmentsOverlap == "YES"
    back = read_seg(ds, labelmap.geometry)
    assert all(np.array_equal(back.mask(n), masks[n - 1]) for n in (1, 2, 3))
    with pytest.raises(ConversionError):
        write_seg(overlapping, series, segmentation_type="LABELMAP", **identity)


def test_all_segments_empty_is_an_answer(labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any]) -> None:
    empty = replace(labelmap, array=np.zeros(labelmap.geometry.size, np.uint8))
    for kind in ("BINARY", "FRACTIONAL", "LABELMAP"):
        back = read_seg(write_seg(empty, series, segmentation_type=kind, **identity), labelmap.geometry)
        assert [back.voxel_count(s.number) for s in back.segments] == [0, 0, 0]


def test_two_byte_labels(labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any]) -> None:
    array = np.zeros(labelmap.geometry.size, np.uint16)
    array[1, 5, 5] = 300
    segments = (SegmentDescription(300, "Three hundred", type=LIVER),)
    ds = write_seg(LabelMap(array, labelmap.geometry, segments), series, segmentation_type="LABELMAP", **identity)
    assert ds.BitsAllocated == 16
    back = read_seg(ds, labelmap.geometry)
    assert back.array is not None and np.array_equal(back.array, array)


def test_absent_instances_are_refused(labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any]) -> None:
    ds = write_seg(labelmap, series, **identity)
    present = [str(s.SOPInstanceUID) for s in series]
    assert read_seg(ds, source_sop_instance_uids=present).voxel_count(1) == labelmap.voxel_count(1)
    with pytest.raises(ReferencedInstanceError, match="1 of 3"):
        read_seg(ds, source_sop_instance_uids=present[:2])


def test_planes_outside_or_between_the_reference_are_refused(
    labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any]
) -> None:
    ds = write_seg(labelmap, series, **identity)
    geometry = labelmap.geometry
    with pytest.raises(ReferencedInstanceError, match="outside"):
        read_seg(ds, replace(geometry, size=(2, *geometry.size[1:])))
    shifted = tuple(np.array(geometry.origin_lps) + np.array(geometry.direction)[:, 0] * 1.0)
    with pytest.raises(GeometryError, match="between"):
        read_seg(ds, replace(geometry, origin_lps=shifted, size=(4, *geometry.size[1:])))


def _break(ds: Dataset, how: str) -> None:
    if how == "short":
        ds.PixelData = ds.PixelData[:-8]
    elif how == "bits":
        ds.BitsAllocated = 32
    elif how == "segment":
        ds.PerFrameFunctionalGroupsSequence[0].SegmentIdentificationSequence[0].ReferencedSegmentNumber = 9
    elif how == "frames":
        ds.NumberOfFrames = 900
    elif how == "class":
        ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    elif how == "type":
        ds.SegmentationType = "SOMETHING"
    elif how == "code":
        del ds.SegmentSequence[0].SegmentedPropertyTypeCodeSequence
    elif how == "position":
        del ds.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence
    elif how == "orientation":
        ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient = [0] * 6


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("short", PixelDataError),
        ("bits", PixelDataError),
        ("segment", ConversionError),
        ("frames", ConversionError),
        ("class", UnsupportedError),
        ("type", UnsupportedError),
        ("code", ConversionError),
        ("position", GeometryError),
        ("orientation", GeometryError),
    ],
)
def test_broken_segmentation_is_a_typed_error(
    labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any], how: str, error: type[Exception]
) -> None:
    ds = write_seg(labelmap, series, **identity)
    _break(ds, how)
    with pytest.raises(error):
        read_seg(ds)


def test_undescribed_label_is_refused(labelmap: LabelMap, series: list[Dataset], identity: dict[str, Any]) -> None:
    assert labelmap.array is not None
    hole = LabelMap(labelmap.array, labelmap.geometry, (SEGMENTS[0], SEGMENTS[2]))
    for kind in ("BINARY", "LABELMAP"):
        with pytest.raises(ConversionError, match="no segment describes"):
            write_seg(hole, series, segmentation_type=kind, **identity)
