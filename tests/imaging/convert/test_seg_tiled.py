"""Whole-slide segmentations: our tiles in highdicom, highdicom's tiles here."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from pydicom import Dataset, dcmread

from imaging.errors import ConversionError, GeometryError, InputError
from imaging.labelmap import CodedConcept, LabelMap, SegmentDescription
from imaging.seg import read_seg, write_tiled_seg
from imaging.series import group, read_headers

SEGMENTS = (
    SegmentDescription(1, "Tissue"),
    SegmentDescription(2, "Nuclei", type=CodedConcept("84640000", "SCT", "Nucleus")),
    SegmentDescription(3, "Nothing found"),
)


@pytest.fixture
def level(shared_dir: Path) -> Dataset:
    return dcmread(shared_dir / "data/09_wsi/cmu1_pyramid/7.dcm")


@pytest.fixture
def labelmap(level: Dataset, shared_dir: Path) -> LabelMap:
    (series,) = group(read_headers([shared_dir / "data/09_wsi/cmu1_pyramid/7.dcm"]))
    fit = series.stacks[0].fit
    assert fit is not None and fit.geometry is not None
    array = np.zeros((1, level.TotalPixelMatrixRows, level.TotalPixelMatrixColumns), np.uint8)
    array[0, 200:371, 100:270] = 1
    array[0, 10:30, 250:278] = 2
    return LabelMap(array, fit.geometry, SEGMENTS)


def test_round_trip_sparse_and_with_empty_segments(
    labelmap: LabelMap, level: Dataset, identity: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "seg.dcm"
    write_tiled_seg(labelmap, level, **identity).save_as(path)
    back = read_seg(path)
    assert np.array_equal(back.labels(), labelmap.labels())
    assert back.segments == SEGMENTS
    assert back.geometry.same_grid(labelmap.geometry, tolerance_mm=1e-5)
    assert dcmread(path).NumberOfFrames == 5  # four tiles hold tissue, one holds nuclei, of twelve
    verdict = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert [line for line in verdict.stderr.splitlines() if line.startswith("Error")] == []


def test_highdicom_reads_our_tiles(
    labelmap: LabelMap, level: Dataset, identity: dict[str, Any], tmp_path: Path
) -> None:
    write_tiled_seg(labelmap, level, **identity).save_as(tmp_path / "seg.dcm")
    matrix = hd.seg.segread(tmp_path / "seg.dcm").get_total_pixel_matrix(combine_segments=True)
    assert np.array_equal(matrix, labelmap.labels()[0])


@pytest.mark.parametrize("organization", ["TILED_FULL", "TILED_SPARSE"])
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_highdicoms_tiles_are_read(
    labelmap: LabelMap, level: Dataset, identity: dict[str, Any], tmp_path: Path, organization: str, kind: str
) -> None:
    from pydicom.sr.codedict import codes

    descriptions = [hd.seg.SegmentDescription(n, f"s{n}", codes.SCT.Tissue, codes.SCT.Tissue, "MANUAL") for n in (1, 2)]
    seg = hd.seg.Segmentation(
        [level],
        labelmap.labels(),
        kind,
        descriptions,
        identity["series_instance_uid"],
        1,
        identity["sop_instance_uid"],
        1,
        "x",
        "x",
        "1",
        "1",
        tile_pixel_array=True,
        dimension_organization_type=organization,
        omit_empty_frames=organization == "TILED_SPARSE",
    )
    seg.save_as(tmp_path / "seg.dcm")
    assert np.array_equal(read_seg(tmp_path / "seg.dcm").labels(), labelmap.labels())


def test_what_does_not_fit_is_refused(labelmap: LabelMap, level: Dataset, identity: dict[str, Any]) -> None:
    level.TotalPixelMatrixRows = 300
    with pytest.raises(InputError):
        write_tiled_seg(labelmap, level, **identity)
    level.TotalPixelMatrixRows = 371
    ds = write_tiled_seg(labelmap, level, **identity)
    ds.PerFrameFunctionalGroupsSequence[0].PlanePositionSlideSequence[0].RowPositionInTotalImagePixelMatrix = 999
    with pytest.raises(GeometryError):
        read_seg(ds)
    del ds.PerFrameFunctionalGroupsSequence[0].PlanePositionSlideSequence
    with pytest.raises(ConversionError):
        read_seg(ds)
