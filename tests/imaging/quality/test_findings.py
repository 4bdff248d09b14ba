"""Every finding: raised by what it is about, and silent on a good series."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from imaging.quality import Finding, QualityReport, check_series
from imaging.scan_dataset import read_dataset
from tests.imaging.series.phantoms import MR, PT, ROOT, csa_header, ct_series, ct_slice, file_bytes, files, pixels

Change = Callable[[list[Dataset]], None]


def smooth(index: int) -> np.ndarray:
    """Slices that resemble their neighbours: air, tissue, and a bright rod."""
    y, x = np.mgrid[0:16, 0:12]
    array: np.ndarray = (1000 + 5 * index + (x + 3 * y) % 17).astype(np.uint16)
    array[:2] = 0
    array[8, 5] = 2200 + index
    return array


def good(count: int = 12) -> list[Dataset]:
    return [ct_slice(i, array=smooth(i)) for i in range(count)]


def report_of(change: Change | None = None, count: int = 12) -> QualityReport:
    slices = good(count)
    if change is not None:
        change(slices)
    return check_series(files(slices))


def only(report: QualityReport, code: str) -> Finding:
    found = report.having(code)
    assert len(found) == 1, [f.code for f in report.findings]
    return found[0]


def test_a_good_series_has_no_findings() -> None:
    report = report_of()
    assert report.findings == ()
    assert report.worst is None
    assert (report.instances, report.series, report.volumes, report.frames) == (12, 1, 1, 12)


def _set(index: int | None, **values: Any) -> Change:
    def change(slices: list[Dataset]) -> None:
        for i, ds in enumerate(slices):
            if index is None or i == index:
                for keyword, value in values.items():
                    if value is None:
                        delattr(ds, keyword)
                    else:
                        setattr(ds, keyword, value)

    return change


def _pixels(index: int, array: np.ndarray) -> Change:
    return _set(index, PixelData=array.astype(np.uint16).tobytes())


def _z(index: int, z: float) -> Change:
    return _set(index, ImagePositionPatient=[-10, -20, z])


def _drop(*indices: int) -> Change:
    def change(slices: list[Dataset]) -> None:
        slices[:] = [ds for i, ds in enumerate(slices) if i not in indices]

    return change


def _shuffle_numbers(slices: list[Dataset]) -> None:
    for i, ds in enumerate(slices):
        ds.InstanceNumber = (5 * i) % 12 + 1


def _tilt(slices: list[Dataset]) -> None:
    for i, ds in enumerate(slices):
        ds.ImagePositionPatient = [-10, -20 + 0.5 * i, 2.0 * i]


def _shift(slices: list[Dataset]) -> None:
    for ds in slices[6:]:
        ds.ImagePositionPatient = [-7, -20, ds.ImagePositionPatient[2]]


def _twin(index: int, **values: Any) -> Change:
    def change(slices: list[Dataset]) -> None:
        twin = ct_slice(index, array=smooth(index), **values)
        slices.append(twin)

    return change


def _stretch(slices: list[Dataset]) -> None:
    for i, ds in enumerate(slices):
        ds.ImagePositionPatient = [-10, -20, 2.0 * i + 0.02 * i * i]


def _localizer(slices: list[Dataset]) -> None:
    slices.append(
        ct_slice(40, z=0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    )


def _second_series(slices: list[Dataset]) -> None:
    slices.append(ct_slice(60, SeriesInstanceUID=ROOT + "33"))


def _sagittal(slices: list[Dataset]) -> None:
    slices += [
        ct_slice(30 + i, ImageOrientationPatient=[0, 1, 0, 0, 0, -1], ImagePositionPatient=[2 * i, 0, 0])
        for i in range(3)
    ]


def _no_air(slices: list[Dataset]) -> None:
    for ds in slices:
        array = np.frombuffer(ds.PixelData, np.uint16)
        ds.PixelData = np.maximum(array, 20).tobytes()
        ds.RescaleIntercept = "0"


def _beyond_bits(slices: list[Dataset]) -> None:
    for ds in slices:
        ds.BitsStored, ds.HighBit = 11, 10


def _high(slices: list[Dataset]) -> None:
    for ds in slices:
        ds.BitsStored, ds.HighBit = 12, 11
        ds.RescaleSlope = "4"


def _named_mr(slices: list[Dataset]) -> None:
    for ds in slices:
        ds.Modality, ds.SOPClassUID, ds.RescaleType = "MR", MR, "US"


def _pet_elsewhere(slices: list[Dataset]) -> None:
    for i in range(3):
        slices.append(
            ct_slice(
                80 + i,
                array=smooth(i),
                Modality="PT",
                SOPClassUID=PT,
                SeriesInstanceUID=ROOT + "66",
                FrameOfReferenceUID=ROOT + "67",
                RescaleType=None,
                RescaleIntercept="0",
                Units="BQML",
            )  # fmt: skip
        )


CASES: dict[str, tuple[Change, str]] = {
    "pixels-missing": (_set(3, PixelData=None), "critical"),
    "blank-slices": (_pixels(3, np.zeros((16, 12))), "error"),
    "constant-slices": (_pixels(3, np.full((16, 12), 900)), "error"),
    "saturated-slices": (_pixels(4, np.where(smooth(4) > 1025, 65535, smooth(4))), "warning"),
    "duplicate-pixels": (_pixels(4, smooth(5)), "error"),
    "duplicate-uid": (_set(4, SOPInstanceUID=f"{ROOT}4.4"), "critical"),
    "duplicate-instance": (_twin(4), "warning"),
    "duplicate-positions": (_twin(4, SOPInstanceUID=ROOT + "4.99", InstanceNumber=99), "warning"),
    "missing-slices": (_drop(4, 5), "error"),
    "irregular-spacing": (_stretch, "error"),
    "slices-shifted-in-plane": (_shift, "error"),
    "order-not-anatomical": (_shuffle_numbers, "warning"),
    "overlapping-slices": (_set(None, SliceThickness="3"), "info"),
    "gaps-between-slices": (_set(None, SliceThickness="1"), "warning"),
    "thickness-not-positive": (_set(None, SliceThickness="0"), "warning"),
    "thickness-differs": (_set(2, SliceThickness="1.9"), "warning"),
    "stated-spacing-wrong": (_set(None, SpacingBetweenSlices="2.5"), "warning"),
    "gantry-tilt-undeclared": (_tilt, "warning"),
    "patient-position-contradicts": (_set(None, PatientPosition="HFP"), "warning"),
    "decubitus": (_set(None, PatientPosition="HFDR", ImageOrientationPatient=[0, 1, 0, -1, 0, 0]), "info"),
    "non-square-pixels": (_set(None, PixelSpacing=["0.5", "0.6"]), "info"),
    "orientation-not-orthonormal": (_set(3, ImageOrientationPatient=[1, 0, 0, 0, 0.99, 0]), "error"),
    "frame-of-reference-mismatch": (_set(3, FrameOfReferenceUID=ROOT + "55"), "error"),
    "frame-of-reference-missing": (_set(None, FrameOfReferenceUID=""), "warning"),
    "position-missing": (_set(3, ImagePositionPatient=None), "error"),
    "pixel-spacing-missing": (_set(None, PixelSpacing=None), "error"),
    "localizers-in-series": (_localizer, "info"),
    "mixed-orientations": (_sagittal, "warning"),
    "mixed-matrices": (_set(3, PixelSpacing=["0.9", "0.9"]), "warning"),
    "mixed-series": (_second_series, "info"),
    "patient-mix-up": (_set(3, PatientID="P2"), "critical"),
    "series-in-several-studies": (_set(3, StudyInstanceUID=ROOT + "22"), "critical"),
    "series-of-several-modalities": (_set(3, Modality="MR"), "error"),
    "series-of-several-classes": (_set(3, SOPClassUID=MR), "warning"),
    "series-number-differs": (_set(3, SeriesNumber=7), "warning"),
    "study-date-differs": (_set(3, StudyDate="20200103"), "error"),
    "date-before-birth": (_set(None, PatientBirthDate="20210101"), "error"),
    "uid-missing": (_set(3, SeriesInstanceUID=None), "error"),
    "uid-malformed": (_set(3, SOPInstanceUID="1.2.03.4"), "error"),
    "uid-in-two-roles": (_set(None, FrameOfReferenceUID=ROOT + "2"), "warning"),
    "modality-contradicts-class": (_set(None, Modality="MR", RescaleType="US"), "error"),
    "units-contradict-modality": (_set(None, Units="BQML"), "error"),
    "ct-without-air": (_no_air, "error"),
    "pixels-contradict-modality": (_named_mr, "error"),
    "study-frames-of-reference-differ": (_pet_elsewhere, "warning"),
    "hu-below-air": (_set(None, RescaleIntercept="-3000"), "info"),
    "hu-above-range": (_high, "warning"),
    "values-beyond-bits": (_beyond_bits, "error"),
    "slice-intensity-jump": (_pixels(5, np.where(smooth(5) > 0, smooth(5) + 900, 0)), "warning"),
    "rescale-slope-zero": (_set(3, RescaleSlope="0"), "error"),
    "rescale-missing": (_set(3, RescaleSlope=None), "error"),
    "rescale-per-slice": (_set(3, RescaleIntercept="-1023"), "info"),
    "photometric-contradicts-presentation": (
        _set(None, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="IDENTITY"),
        "warning",
    ),
    "laterality-contradicts": (_set(None, Laterality="L", SeriesDescription="Knee right"), "critical"),
    "burned-in-annotation": (_set(3, BurnedInAnnotation="YES"), "error"),
    "recognizable-features": (_set(3, RecognizableVisualFeatures="YES"), "error"),
    "type-1-absent": (_set(3, ImageType=None), "warning"),
    "type-1-empty": (_set(3, StudyInstanceUID=""), "warning"),
    "type-2-absent": (_set(3, PatientSex=None), "info"),
    "sop-class-missing": (_set(None, SOPClassUID=None), "error"),
    "bad-value": (_set(3, StudyDate="2020-1-2"), "warning"),
}


@pytest.mark.parametrize("code", CASES)
def test_each_defect_is_found_named_and_explained(code: str) -> None:
    change, severity = CASES[code]
    if code == "bad-value":
        slices = good()
        data = [
            file_bytes(ds).replace(b"20200102", b"2020-1-2") if i == 3 else file_bytes(ds)
            for i, ds in enumerate(slices)
        ]
        report = check_series(data)
    else:
        report = report_of(change)
    finding = report.having(code)[0]
    assert finding.severity == severity
    assert finding.title and finding.consequence and finding.remedy and finding.evidence
    json.dumps(report.as_json())


def test_findings_name_the_instances_that_are_affected() -> None:
    finding = only(report_of(_pixels(3, np.zeros((16, 12)))), "blank-slices")
    assert finding.affected == (f"{ROOT}4.4",)
    assert finding.evidence == {"frames": 1, "frame_numbers": [1]}


def test_missing_slices_are_counted_and_placed() -> None:
    finding = only(report_of(_drop(4, 5, 9)), "missing-slices")
    assert finding.evidence == {
        "usual_gap_mm": 2.0,
        "gaps_mm": [6.0, 4.0],
        "after_slice": [4, 7],
        "missing": [2, 1],
    }


def test_a_stated_tilt_that_agrees_is_information() -> None:
    def change(slices: list[Dataset]) -> None:
        _tilt(slices)
        _set(None, GantryDetectorTilt="14.036")(slices)

    finding = only(report_of(change), "gantry-tilt")
    assert finding.severity == "info"
    assert finding.evidence["measured_deg"] == pytest.approx(14.036, abs=1e-3)


def test_a_stated_tilt_that_positions_deny_is_reported() -> None:
    finding = only(report_of(_set(None, GantryDetectorTilt="10")), "gantry-tilt-contradicts")
    assert finding.evidence["measured_deg"] == 0.0


def test_order_is_proposed_and_never_changed() -> None:
    slices = good()
    _shuffle_numbers(slices)
    data = files(slices)
    finding = only(check_series(data), "order-not-anatomical")
    changed = {p.instances[0]: (p.before, p.after) for p in finding.proposals}
    for i, ds in enumerate(slices):
        if ds.InstanceNumber != i + 1:
            assert changed[ds.SOPInstanceUID] == (str(ds.InstanceNumber), str(i + 1))
    assert files(slices) == data


def test_a_descending_series_is_in_anatomical_order() -> None:
    def change(slices: list[Dataset]) -> None:
        for i, ds in enumerate(slices):
            ds.InstanceNumber = 100 - i

    assert report_of(change).findings == ()


def test_the_spacing_that_positions_give_is_proposed() -> None:
    finding = only(report_of(_set(None, SpacingBetweenSlices="2.5")), "stated-spacing-wrong")
    (proposal,) = finding.proposals
    assert (proposal.tag, proposal.before, proposal.after) == ("(0018,0088)", "2.5", "2")
    assert len(proposal.instances) == 12


def test_a_missing_class_is_proposed_from_the_modality() -> None:
    slices = good()
    for ds in slices:
        del ds.SOPClassUID
    (proposal,) = only(check_series(files(slices)), "sop-class-missing").proposals
    assert (proposal.before, proposal.after) == (None, "1.2.840.10008.5.1.4.1.1.2")


def test_a_wrong_modality_is_proposed_from_the_class() -> None:
    (proposal,) = only(report_of(_set(None, Modality="MR", RescaleType="US")), "modality-contradicts-class").proposals
    assert (proposal.keyword, proposal.before, proposal.after) == ("Modality", "MR", "CT")


def test_a_lost_intercept_is_proposed_for_a_person_to_judge() -> None:
    (proposal,) = only(report_of(_no_air), "ct-without-air").proposals
    assert (proposal.keyword, proposal.before, proposal.after) == ("RescaleIntercept", "0", "-1024")


@pytest.mark.parametrize("keyword", ["PatientID", "PatientName", "PatientBirthDate", "PatientSex"])
def test_a_patient_mix_up_is_told_without_telling_who(keyword: str) -> None:
    value = {"PatientBirthDate": "19601231", "PatientSex": "M"}.get(keyword, "SECRET^NAME")
    report = report_of(_set(3, **{keyword: value}))
    finding = only(report, "patient-mix-up")
    assert finding.evidence["differs"] == {keyword: "2 values"}
    text = json.dumps(report.as_json())
    assert "SECRET" not in text and "Phantom" not in text and "19500101" not in text and "19601231" not in text


@pytest.mark.parametrize("name", ["PHANTOM^ONE", "Phantom One", "Phantom^One^^^"])
def test_another_spelling_is_not_another_patient(name: str) -> None:
    assert report_of(_set(3, PatientName=name)).having("patient-mix-up") == []


@pytest.mark.parametrize(
    ("description", "side", "contradicts"),
    [
        ("Knee LT", "R", True),
        ("Mamma links", "R", True),
        ("rodilla derecha", "L", True),
        ("genou droit", "L", True),
        ("Knee left", "L", False),
        ("left to right phase", "R", False),
        ("Alternating bright", "L", False),
    ],
)
def test_sides_are_read_from_words_and_only_from_words(description: str, side: str, contradicts: bool) -> None:
    report = report_of(_set(None, SeriesDescription=description, Laterality=side))
    assert bool(report.having("laterality-contradicts")) is contradicts
    assert description not in json.dumps(report.as_json())


def test_unreadable_and_foreign_files_are_findings_and_stop_nothing(tmp_path: Any) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("not an image, and long enough to be looked at")
    image = tmp_path / "image.dcm"
    image.write_text("not an image, and long enough to be looked at")
    report = check_series([*ct_series(4), b"", notes, image, file_bytes(ct_slice(9))[:600]])
    assert report.unreadable == 4
    assert report.volumes == 1
    assert {
        (f.code, f.severity, f.affected) for f in report.findings if f.affected and f.affected[0].startswith("#")
    } == {
        ("unreadable", "critical", ("#4",)),
        ("foreign-file", "info", ("#5",)),
        ("not-dicom", "warning", ("#6",)),
        ("unreadable", "critical", ("#7",)),
    }


def test_truncated_and_undecodable_pixels_are_critical() -> None:
    data = files(good())
    data[3] = data[3][:-100]
    finding = only(check_series(data), "truncated")
    assert (finding.severity, finding.affected) == ("critical", (f"{ROOT}4.4",))


def test_wrong_vr_names_its_tag() -> None:
    data = files(good())
    data[2] = data[2].replace(b"\x28\x00\x30\x00DS", b"\x28\x00\x30\x00LO")
    finding = only(check_series(data), "wrong-vr")
    assert finding.evidence["tags"] == ["(0028,0030)"]


def test_bytes_after_the_data_set_are_reported() -> None:
    data = files(good())
    data[4] += b"JOHN DOE 1950"
    finding = only(check_series(data), "trailing-bytes")
    assert finding.affected == (f"{ROOT}4.5",)
    assert "JOHN" not in json.dumps(finding.as_json())


def test_padding_after_the_pixels_is_not_foreign() -> None:
    data = files(good())
    padding = b"\xfc\xff\xfc\xffOB\0\0\x10\0\0\0" + b"\0" * 16
    assert check_series([d + padding for d in data]).findings == ()
    assert check_series([d + b"\0" * 512 for d in data]).findings == ()


def test_every_kind_of_source_gives_the_same_findings(tmp_path: Any) -> None:
    slices = good()
    _shuffle_numbers(slices)
    data = files(slices)
    paths = []
    for i, content in enumerate(data):
        path = tmp_path / f"{i}.dcm"
        path.write_bytes(content)
        paths.append(path)
    expected = check_series(data).as_json()
    assert check_series(paths).as_json() == expected
    assert check_series([io.BytesIO(d) for d in data]).as_json() == expected
    assert check_series([read_dataset(d) for d in data]).as_json() == expected


def test_the_order_of_sources_does_not_change_the_findings() -> None:
    slices = good()
    _shift(slices)
    data = files(slices)
    first = check_series(data).as_json()
    assert check_series(data[::-1]).as_json() == first


def test_progress_counts_every_source() -> None:
    seen: list[tuple[int, int]] = []
    check_series(ct_series(3), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_headers_alone_can_be_checked() -> None:
    report = check_series(files(good()), pixels=False)
    assert report.frames == 0
    assert report.findings == ()


def test_each_slice_of_a_mosaic_and_of_a_volume_is_looked_at() -> None:
    ds = ct_slice(0, array=pixels(0, (12, 18)), SOPClassUID=MR, Modality="MR", RescaleType=None)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]
    ds.SpacingBetweenSlices = "2"
    block = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x10, "OB", csa_header({"NumberOfImagesInMosaic": ["7"], "SliceNormalVector": ["0", "0", "1"]}))
    report = check_series([file_bytes(ds)])
    assert report.volumes == 1
    assert report.having("frames-undescribed") == []
