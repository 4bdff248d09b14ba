"""Tables of segments against published figures, with units and methods; the report they become."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from imaging.convert.job import load_reference_values
from imaging.convert.labels import read_labels
from imaging.convert.reference import open_reference
from imaging.errors import InputError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import LabelMap, default_segments
from imaging.measure.intensity import intensities
from imaging.measure.table import measure_labelmap, report_of


@pytest.mark.parametrize("modality", ["CT", "MR_T1", "PET"])
def test_published_volume_and_intensities(shared_dir: Path, modality: str) -> None:
    data = shared_dir / "data/03_rtstruct_sts042"
    expected = json.loads((data / "gt/expected.json").read_text())[modality]
    reference = open_reference(data / modality)
    labelmap = read_labels(data / f"gt/{modality}_mask.nii.gz", reference=reference.geometry)
    (one,) = measure_labelmap(labelmap, load_reference_values(reference))
    assert one.voxel_count == expected["mask_voxels"]
    assert one.quantities["volume"].value == pytest.approx(expected["mask_ml"] * 1000, rel=1e-6)
    for key in ("mean", "min", "max", "sd"):
        assert one.quantities[key].value == pytest.approx(expected[key], rel=1e-6)
    units = {"CT": "[hnsf'U]", "MR_T1": "1", "PET": "g/mL"}
    assert one.quantities["mean"].unit == units[modality]


def test_suv_of_a_pet_in_becquerels(shared_dir: Path) -> None:
    data = shared_dir / "data/02_petct_acrin042"
    expected = json.loads((data / "gt/expected.json").read_text())
    reference = open_reference(data / "PT")
    image = load_reference_values(reference)
    assert (image.values, image.unit) == ("suv", "g/mL")
    array = np.zeros(reference.geometry.size, np.uint8)
    z, y, x = expected["thorax_max"]["zyx_index"]
    array[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2] = 1
    (one,) = measure_labelmap(LabelMap(array, reference.geometry, default_segments([1])), image)
    assert one.quantities["max"].value == pytest.approx(expected["thorax_max"]["suv"], rel=1e-5)


def test_every_number_has_a_unit_and_a_method_and_nothing_is_made_up() -> None:
    geometry = VolumeGeometry((0, 0, 0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), (6.0, 1.0, 1.0), (5, 9, 9))
    array = np.zeros(geometry.size, np.uint8)
    array[1:4, 2:7, 3:6] = 1
    full, empty = measure_labelmap(LabelMap(array, geometry, default_segments([1, 2])))
    assert full.voxel_count == 45 and empty.voxel_count == 0
    for quantity in (*full.quantities.values(), *empty.quantities.values()):
        assert quantity.unit in ("mm", "mm2", "mm3") and quantity.method.endswith("/1")
    assert full.quantities["max_area"].value == 15
    assert full.quantities["volume"].value == 45 * 6
    assert full.quantities["long_axis_3d"].note == "slices 6.0 mm apart: uncertain by up to that much across the slices"
    assert empty.quantities["long_axis"].value is None and empty.quantities["volume"].value == 0
    assert json.loads(json.dumps(empty.as_json()))["quantities"]["surface_area"]["value"] is None


def test_intensities_are_plain_statistics() -> None:
    values = np.arange(101.0).reshape(1, 1, 101)
    found = intensities(np.ones((1, 1, 101), bool), values, "[hnsf'U]")
    assert [found[k].value for k in ("mean", "min", "max", "median", "p5", "p95")] == [50, 0, 100, 50, 5, 95]
    assert found["sd"].value == pytest.approx(np.sqrt(850))
    nothing = intensities(np.zeros((1, 1, 101), bool), values, "1")
    assert {q.value for q in nothing.values()} == {None}
    with pytest.raises(InputError):
        intensities(np.ones((2, 1, 101), bool), values, "1")


def test_report_carries_what_is_defined() -> None:
    geometry = VolumeGeometry((0, 0, 0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), (1.0, 1.0, 1.0), (4, 5, 5))
    array = np.zeros(geometry.size, np.uint8)
    array[1:3, 1:4, 1:4] = 1
    measured = measure_labelmap(LabelMap(array, geometry, default_segments([1, 2])))
    report = report_of(measured, segmentation_uid="1.2.3", source_series_uid="1.2.4")
    first, second = report.groups
    assert {m.name.meaning: m.value for m in first.measurements}["Volume"] == 18
    assert len(first.measurements) == len(measured[0].quantities)
    assert [m.name.meaning for m in second.measurements] == ["Volume", "Area"]
    assert first.tracking_uid != second.tracking_uid
    again = report_of(measured, segmentation_uid="1.2.3", source_series_uid="1.2.4")
    assert again == report
