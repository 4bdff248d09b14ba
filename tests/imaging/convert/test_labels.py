"""Label maps: grids that share voxel centres, descriptions in JSON, and the round trips between file formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from imaging.convert.codes import read_codes, segments_from_json, segments_to_json
from imaging.convert.labels import consecutive, read_labels, write_label_mha, write_label_nifti, write_label_nrrd
from imaging.convert.nrrd import read_itk, write_mha, write_nrrd
from imaging.errors import ConversionError, GeometryError, InputError, UnreadableFileError, UnsupportedError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import (
    CodedConcept,
    LabelMap,
    SegmentDescription,
    default_segments,
    labels_from_array,
    present_labels,
)
from imaging.labelmap_grid import align
from imaging.seg import read_seg, write_seg

GRID = VolumeGeometry((-10.0, 20.0, 30.0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), (2.5, 0.75, 0.8), (3, 4, 5))


def some_labels(size: tuple[int, int, int] = (3, 4, 5)) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 3, size).astype(np.uint8)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.permutations([0, 1, 2]), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_any_flip_and_swap_of_axes_is_undone(axes: list[int], flips: tuple[bool, bool, bool]) -> None:
    array = some_labels()
    turned = np.transpose(array, axes)[tuple(slice(None, None, -1 if f else 1) for f in flips)]
    columns = [GRID.affine_lps[:3, axis] for axis in axes]
    origin = GRID.affine_lps[:3, 3].copy()
    for place, flip in enumerate(flips):
        if flip:
            origin += columns[place] * (turned.shape[place] - 1)
            columns[place] = -columns[place]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = np.column_stack(columns), origin
    moved = align(turned, VolumeGeometry.from_affine_lps(affine, turned.shape), GRID)
    assert np.array_equal(moved, array)


def test_slab_is_placed_and_background_cropped() -> None:
    array = some_labels()
    slab_grid = replace(GRID, origin_lps=(-10.0, 20.0, 32.5), size=(2, 4, 5))
    placed = align(array[1:], slab_grid, GRID)
    assert not placed[0].any() and np.array_equal(placed[1:], array[1:])
    array[0] = 0
    assert np.array_equal(align(array, GRID, slab_grid), array[1:])
    array[0, 0, 0] = 1
    with pytest.raises(GeometryError, match="outside"):
        align(array, GRID, slab_grid)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(GRID, spacing_mm=(2.5, 0.75, 0.85)), id="spacing"),
        pytest.param(replace(GRID, origin_lps=(-10.0, 20.3, 30.0)), id="half a voxel off"),
        pytest.param(replace(GRID, direction=((0, 0.1, 0.995), (0, 0.995, -0.1), (1, 0, 0))), id="turned"),
    ],
)
def test_grids_with_other_centres_are_refused(other: VolumeGeometry) -> None:
    with pytest.raises(GeometryError):
        align(some_labels(), GRID, other)


def test_labels_keep_their_value_or_are_refused() -> None:
    assert labels_from_array(np.array([[[0.0, 2.0]]])).dtype == np.uint8
    assert labels_from_array(np.array([[[0, 300]]], np.int32)).dtype == np.uint16
    for bad in (np.array([[[0.5]]]), np.array([[[-1]]]), np.array([[[70000]]]), np.array([[[np.nan]]])):
        with pytest.raises(ConversionError):
            labels_from_array(bad)
    assert present_labels(np.array([[[0, 7]], [[3, 7]]], np.uint8)) == [3, 7]


def test_label_map_refuses_what_contradicts_itself() -> None:
    array = some_labels()
    with pytest.raises(InputError, match="no segment describes"):
        LabelMap(array, GRID, default_segments([1]))
    with pytest.raises(InputError, match="same number"):
        LabelMap(array, GRID, default_segments([1, 1, 2]))
    with pytest.raises(GeometryError):
        LabelMap(array[:2], GRID, default_segments([1, 2]))
    with pytest.raises(InputError):
        LabelMap(array.astype(np.int32), GRID, default_segments([1, 2]))  # type: ignore[arg-type]  # what is refused
    with pytest.raises(InputError):
        SegmentDescription(0, "Background")


SEGMENTS = (
    SegmentDescription(
        1,
        "Rechte Niere (Übersicht)",
        category=CodedConcept("123037004", "SCT", "Body structure"),
        type=CodedConcept("64033007", "SCT", "Kidney"),
        laterality=CodedConcept("24028007", "SCT", "Right"),
        tracking_uid="1.2.3",
        recommended_cielab=(41661, 41167, 40792),
    ),
    SegmentDescription(2, "Empty", algorithm_type="AUTOMATIC", algorithm_name="net", description="nothing"),
)


def test_descriptions_survive_json(tmp_path: Path) -> None:
    assert segments_from_json(json.loads(json.dumps({"segments": segments_to_json(SEGMENTS)}))) == SEGMENTS
    path = tmp_path / "codes.json"
    path.write_text('{"2": "Spleen", "1": {"label": "Liver", "type": ["10200004", "SCT", "Liver"], "rgb": [9, 9, 9]}}')
    first, second = read_codes(path)
    assert (first.number, first.type.meaning, first.recommended_rgb) == (1, "Liver", (9, 9, 9))
    assert (second.number, second.label) == (2, "Spleen")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "[1]", '[{"label": "x"}]', '[{"number": "x"}]', '{"1": {"type": [1]}}']
)
def test_broken_codes_are_input_errors(tmp_path: Path, text: str) -> None:
    (tmp_path / "codes.json").write_text(text)
    with pytest.raises(InputError):
        read_codes(tmp_path / "codes.json")


@pytest.mark.parametrize("suffix", [".nii.gz", ".seg.nrrd", ".mha"])
def test_label_files_round_trip_with_their_meaning(tmp_path: Path, suffix: str) -> None:
    array = (some_labels() == 1).astype(np.uint8)
    labelmap = LabelMap(array, GRID, SEGMENTS)
    path = tmp_path / f"labels{suffix}"
    write = {".nii.gz": write_label_nifti, ".seg.nrrd": write_label_nrrd, ".mha": write_label_mha}[suffix]
    written = write(labelmap, path)
    first = [p.read_bytes() for p in written]
    assert [p.read_bytes() for p in write(labelmap, path)] == first

    back = read_labels(path, reference=GRID)

    assert back.segments == SEGMENTS
    assert back.geometry == GRID
    assert np.array_equal(back.labels(), array)
    itk: Any = sitk.ReadImage(str(path))
    assert np.array_equal(sitk.GetArrayFromImage(itk), array)
    assert np.allclose(
        itk.TransformIndexToPhysicalPoint([4, 3, 2]), GRID.point_lps(np.array([[2.0, 3, 4]]))[0], atol=1e-5
    )


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
def test_nrrd_and_metaimage_hold_every_type(tmp_path: Path, dtype: str) -> None:
    array = (some_labels() * 20).astype(dtype)
    for name, write in (("a.nrrd", write_nrrd), ("a.mha", write_mha)):
        write(tmp_path / name, array, GRID)
        back, geometry = read_itk(tmp_path / name)
        assert back.dtype == array.dtype and np.array_equal(back, array)
        assert geometry.same_grid(GRID, tolerance_mm=1e-6)
    data, header = nrrd.read(str(tmp_path / "a.nrrd"))
    assert np.array_equal(data.transpose(2, 1, 0), array)
    assert header["space"] == "left-posterior-superior"


def test_slicer_finds_the_segment_names(tmp_path: Path) -> None:
    write_label_nrrd(LabelMap((some_labels() == 1).astype(np.uint8), GRID, SEGMENTS), tmp_path / "x.seg.nrrd")
    header = (tmp_path / "x.seg.nrrd").read_bytes().split(b"\n\n")[0].decode("utf-8").splitlines()
    assert f"Segment0_Name:={SEGMENTS[0].label}" in header
    assert "Segment1_LabelValue:=2" in header


def test_seg_to_nifti_to_seg_is_voxel_identical(
    golden: Path, read_headers: Callable[[Path], list[Dataset]], tmp_path: Path, identity: dict[str, Any]
) -> None:
    headers = read_headers(golden / "dcmqi/24x38x3/image")
    first = read_seg(golden / "dcmqi/24x38x3/seg/label.seg")
    write_label_nifti(first, tmp_path / "labels.nii.gz")
    again = read_labels(tmp_path / "labels.nii.gz", reference=first.geometry)
    second = read_seg(write_seg(again, headers, **identity), first.geometry)
    assert second.voxel_count(1) == 315
    assert np.array_equal(second.labels(), first.labels())
    assert second.segments == first.segments


def test_total_segmentator_labels_meet_their_counts(shared_dir: Path) -> None:
    data = shared_dir / "data/11_ct_multiorgan_totalseg/gt"
    expected = json.loads((data / "expected.json").read_text())["labels"]
    labelmap = read_labels(data / "multilabel.nii.gz")
    counts = {str(s.number): labelmap.voxel_count(s.number) for s in labelmap.segments}
    assert counts == {number: entry["voxels"] for number, entry in expected.items()}


def test_overlapping_segments_become_one_nifti_each(tmp_path: Path) -> None:
    masks = [np.zeros(GRID.size, bool), np.zeros(GRID.size, bool)]
    masks[0][0, :2], masks[1][0, 1:] = True, True
    labelmap = LabelMap.from_masks(masks, GRID, SEGMENTS)
    assert labelmap.is_overlapping
    written = write_label_nifti(labelmap, tmp_path / "x.nii.gz")
    images = [path for path in written if path.name.endswith(".nii.gz")]
    assert [path.name for path in images] == ["x_1.nii.gz", "x_2.nii.gz"]
    for path, mask in zip(images, masks, strict=True):
        assert np.array_equal(np.asanyarray(nib.Nifti1Image.from_filename(path).dataobj).transpose(2, 1, 0), mask)


def test_gaps_between_label_numbers_are_closed_and_remembered() -> None:
    array = np.array([[[0, 4, 9]]], np.uint8)
    grid = replace(GRID, size=(1, 1, 3))
    dense = consecutive(LabelMap(array, grid, default_segments([4, 9])))
    assert dense.labels().ravel().tolist() == [0, 1, 2]
    assert [(s.number, s.label, s.description) for s in dense.segments] == [
        (1, "Segment 4", "label 4"),
        (2, "Segment 9", "label 9"),
    ]


def test_empty_label_file_is_an_answer(tmp_path: Path) -> None:
    write_label_nifti(LabelMap(np.zeros(GRID.size, np.uint8), GRID, SEGMENTS), tmp_path / "x.nii.gz")
    assert read_labels(tmp_path / "x.nii.gz").segments == SEGMENTS
    (tmp_path / "x.json").unlink()
    assert [s.number for s in read_labels(tmp_path / "x.nii.gz").segments] == [1]


def test_foreign_files_are_typed_errors(tmp_path: Path, golden: Path) -> None:
    (tmp_path / "x.nrrd").write_bytes(b"NRRD0004\nnonsense")
    with pytest.raises(UnreadableFileError):
        read_labels(tmp_path / "x.nrrd")
    with pytest.raises(UnsupportedError):
        read_labels(golden / "dcmqi/23x38x3/image/IMG0001.dcm")
    with pytest.raises(InputError, match="no grid"):
        read_labels(golden / "sts042/rtstruct_pet.dcm")
