"""TID 1500 in and out: a published report, the validator, dcmqi."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from imaging.errors import ConversionError, InputError, UnsupportedError
from imaging.labelmap import CodedConcept
from imaging.seg import read_seg, write_seg
from imaging.sr import Evaluation, Measurement, MeasurementGroup, MeasurementReport, read_sr, write_sr

VOLUME = CodedConcept("118565006", "SCT", "Volume")
GROUP = MeasurementGroup(
    tracking_id="Liver",
    tracking_uid="1.2.3.4",
    finding=CodedConcept("10200004", "SCT", "Liver"),
    finding_site=CodedConcept("10200004", "SCT", "Liver"),
    laterality=CodedConcept("24028007", "SCT", "Right"),
    segment_number=1,
    measurements=(
        Measurement(VOLUME, 12.5, CodedConcept("mm3", "UCUM", "cubic millimeter")),
        Measurement(
            CodedConcept("112031", "DCM", "Attenuation Coefficient"),
            -37.25,
            CodedConcept("[hnsf'U]", "UCUM", "Hounsfield unit"),
            derivation=CodedConcept("373098007", "SCT", "Mean"),
        ),
    ),
    evaluations=(
        Evaluation(CodedConcept("111037", "DCM", "Certainty of Finding"), CodedConcept("17162000", "SCT", "Certain")),
    ),
)


@pytest.fixture
def series(golden: Path, read_headers: Callable[[Path], list[Dataset]]) -> list[Dataset]:
    return read_headers(golden / "dcmqi/23x38x3/image")


@pytest.fixture
def segmentation(golden: Path, series: list[Dataset], identity: dict[str, Any]) -> Dataset:
    labelmap = read_seg(golden / "dcmqi/23x38x3/seg/label.seg")
    return write_seg(labelmap, series, **{**identity, "sop_instance_uid": "1.2.826.0.1.3680043.8.498.9"})


@pytest.fixture
def report(segmentation: Dataset, series: list[Dataset]) -> MeasurementReport:
    group = replace(
        GROUP,
        segmentation_uid=str(segmentation.SOPInstanceUID),
        source_series_uid=str(series[0].SeriesInstanceUID),
    )
    return MeasurementReport(CodedConcept("126000", "DCM", "Imaging Measurement Report"), (group,))


def test_published_report_of_dcmqi(shared_dir: Path) -> None:
    report = read_sr(shared_dir / "data/08_seg_sr_dcmqi/sr-example/sr.dcm")
    (group,) = report.groups
    values = {(m.name.meaning, m.derivation and m.derivation.meaning): m.value for m in group.measurements}
    assert values["Volume", None] == 33.5824
    assert values["SUVbw", "Mean"] == 6.01529
    assert values["SUVbw", "Maximum"] == 10.3814
    assert values["SUVbw", "Peak Value Within ROI"] == 9.45534
    assert (group.tracking_id, group.segment_number) == ("primary tumor", 1)
    seg = dcmread(shared_dir / "data/08_seg_sr_dcmqi/sr-example/seg.dcm")
    assert group.segmentation_uid == seg.SOPInstanceUID
    labelmap = read_seg(seg)
    assert labelmap.voxel_count(1) == 795
    assert 795 * labelmap.geometry.voxel_volume_mm3 / 1000 == pytest.approx(33.5824, abs=5e-5)


def test_what_is_written_is_read(
    report: MeasurementReport, series: list[Dataset], segmentation: Dataset, identity: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "sr.dcm"
    write_sr(report, series, [segmentation], **identity).save_as(path)
    assert read_sr(path) == report
    verdict = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False).stderr.splitlines()
    assert [line for line in verdict if line.startswith("Error")] == []
    assert "Comprehensive3DSR" in verdict


def test_same_arguments_same_bytes(
    report: MeasurementReport, series: list[Dataset], segmentation: Dataset, identity: dict[str, Any]
) -> None:
    written = []
    for _ in range(2):
        buffer = io.BytesIO()
        write_sr(report, series, [segmentation], **identity).save_as(buffer)
        written.append(buffer.getvalue())
    assert written[0] == written[1]


def test_no_name_of_a_patient_reaches_a_warning(
    report: MeasurementReport, series: list[Dataset], segmentation: Dataset, identity: dict[str, Any]
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write_sr(report, series, [segmentation], **identity)
    assert not [w for w in caught if str(series[0].PatientName) in str(w.message)]


def test_dcmqi_opens_it(
    report: MeasurementReport, series: list[Dataset], segmentation: Dataset, identity: dict[str, Any], tmp_path: Path
) -> None:
    write_sr(report, series, [segmentation], observer_name="Reader^One", **identity).save_as(tmp_path / "sr.dcm")
    reader = Path(sys.executable).parent / "tid1500reader"
    command = [str(reader), "--inputDICOM", str(tmp_path / "sr.dcm"), "--outputMetadata", str(tmp_path / "sr.json")]
    subprocess.run(command, check=True, capture_output=True)
    (group,) = json.loads((tmp_path / "sr.json").read_text())["Measurements"]
    assert group["TrackingIdentifier"] == "Liver"
    assert [float(item["value"]) for item in group["measurementItems"]] == [12.5, -37.25]


def test_what_cannot_be_said_is_refused(
    report: MeasurementReport, series: list[Dataset], segmentation: Dataset, identity: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="not given"):
        write_sr(report, series, [], **identity)
    with pytest.raises(InputError):
        write_sr(replace(report, groups=()), series, [segmentation], **identity)
    with pytest.raises(UnsupportedError):
        read_sr(segmentation)
    ds = write_sr(report, series, [segmentation], **identity)
    numbers = [item for item in _all_items(ds) if item.get("ValueType") == "NUM"]
    volumes = [item for item in numbers if item.ConceptNameCodeSequence[0].CodeValue == VOLUME.value]
    del volumes[0].MeasuredValueSequence
    with pytest.raises(ConversionError):
        read_sr(ds)


def _all_items(ds: Dataset) -> list[Dataset]:
    children = list(ds.get("ContentSequence") or [])
    return children + [item for child in children for item in _all_items(child)]
