"""Text in pixels: triage, finding, deciding, redaction in stored values, and the check of a whole series."""

from __future__ import annotations

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID

from imaging.burnedin import Scrutiny, TextBox, Verdict, find_text, redact, triage
from imaging.burnedin.faces import face_risk
from imaging.burnedin.find import merge
from imaging.burnedin.judge import Judge, is_listed
from imaging.burnedin.redact import stored_frames
from imaging.burnedin.renderings import stand_out
from imaging.burnedin.series import check_series
from imaging.deid import OriginalIdentifiers

DOE = OriginalIdentifiers(
    names=frozenset({"oyelaran anna"}),
    name_parts=frozenset({"oyelaran", "anna"}),
    ids=frozenset({"mk-884213"}),
    birth_dates=frozenset({"19410207"}),
)


def _box(frame: int | None = None, verdict: Verdict = Verdict.REDACT) -> TextBox:
    return TextBox(frame, 10, 20, 30, 8, "X", 1.0, "not-listed", verdict)


def _read(name: str) -> FileDataset:
    return pydicom.dcmread(str(get_testdata_file(name)))


def _again(data: bytes) -> FileDataset:
    return pydicom.dcmread(io.BytesIO(data))


def _write(picture: NDArray[np.float32], text: str, place: tuple[int, int], value: float, size: float = 0.6) -> None:
    mask = np.zeros(picture.shape, np.uint8)
    cv2.putText(mask, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, 255, 1, cv2.LINE_AA)
    picture += mask.astype(np.float32) / 255 * value


TRIAGED = [
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT"}, Scrutiny.READ),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT", "BurnedInAnnotation": "NO"}, Scrutiny.READ),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT", "BurnedInAnnotation": "YES"}, Scrutiny.PERSON),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "Modality": "OT"}, Scrutiny.PERSON),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.4", "Modality": "US"}, Scrutiny.PERSON),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1", "Modality": "CR", "ConversionType": "DF"}, Scrutiny.PERSON),
    (
        {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
            "Modality": "CT",
            "ImageType": ["DERIVED", "SECONDARY", "DOSE_INFO"],
        },
        Scrutiny.PERSON,
    ),
    (
        {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.6",
            "Modality": "SM",
            "ImageType": ["ORIGINAL", "PRIMARY", "LABEL", "NONE"],
        },
        Scrutiny.DROP,
    ),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4", "Modality": "SEG"}, Scrutiny.NONE),
]


@pytest.mark.parametrize(("attributes", "expected"), TRIAGED)
def test_triage(attributes: dict[str, str], expected: Scrutiny) -> None:
    dataset = Dataset()
    dataset.Rows = 8
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    decision = triage([dataset])
    assert decision.scrutiny is expected and decision.reasons


def test_the_strictest_instance_decides() -> None:
    plain, capture = Dataset(), Dataset()
    for dataset, sop_class in ((plain, "1.2.840.10008.5.1.4.1.1.2"), (capture, "1.2.840.10008.5.1.4.1.1.7")):
        dataset.Rows, dataset.SOPClassUID, dataset.Modality = 8, sop_class, "CT"
    assert triage([plain, capture]).scrutiny is Scrutiny.PERSON
    assert triage([]).scrutiny is Scrutiny.NONE


@pytest.mark.parametrize(
    "text", ["Semi-Upright", "Portable", "TIB 0.2", "11cm", "28Hz", "LYMPH NODE", "L MLO", "5.0 mm"]
)
def test_technical_lines_are_listed(text: str) -> None:
    assert is_listed(text)


@pytest.mark.parametrize(
    "text", ["DAVIDSON", "01.09.2012", "12345", "10:22:31", "DOB", "MRN 55", "Kowalczyk L", "0042 118"]
)
def test_other_lines_are_not(text: str) -> None:
    assert not is_listed(text)


@pytest.mark.parametrize(
    ("text", "score", "verdict", "reason"),
    [
        ("OYELARAN", 0.99, Verdict.REDACT, "header-match"),
        ("OYELARAM", 0.7, Verdict.REDACT, "header-match"),
        ("MK-884213", 0.9, Verdict.REDACT, "header-match"),
        ("07/02/1941", 0.9, Verdict.REDACT, "header-match"),
        ("KOWALCZYK", 0.99, Verdict.REDACT, "not-listed"),
        ("SUPINE", 0.99, Verdict.KEEP, "listed"),
        ("SUPINE", 0.70, Verdict.REVIEW, "unreadable"),
    ],
)
def test_verdicts(text: str, score: float, verdict: Verdict, reason: str) -> None:
    assert Judge(DOE).verdict(text, score) == (verdict, reason)


def test_merged_boxes_take_the_union_and_the_strictest_verdict() -> None:
    one = TextBox(0, 10, 10, 40, 10, "KOWAL", 0.7, "not-listed", Verdict.REDACT)
    two = TextBox(0, 12, 11, 50, 10, "KOWALCZYK", 0.9, "not-listed", Verdict.REDACT)
    (merged,) = merge([one, two])
    assert (merged.x, merged.y, merged.w, merged.h, merged.text) == (10, 10, 52, 11, "KOWALCZYK")


REDACTED = [
    "CT_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "MR_small_bigendian.dcm",
    "SC_rgb_small_odd.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_rle_2frame.dcm",
    "examples_ybr_color.dcm",
    "examples_palette.dcm",
    "JPEG2000.dcm",
]


@pytest.mark.parametrize("name", REDACTED)
def test_redaction_changes_the_boxes_and_not_one_value_outside(name: str) -> None:
    dataset = _read(name)
    before = stored_frames(dataset)
    after_dataset = _again(redact(dataset, [_box()]))
    after = stored_frames(after_dataset)
    inside = np.zeros(before.shape[:3], bool)
    inside[:, 20:28, 10:40] = True
    assert np.array_equal(after[~inside], before[~inside])
    assert all(len(np.unique(frame[20:28, 10:40].reshape(240, -1), axis=0)) == 1 for frame in after)
    if "ImageType" in dataset:
        assert after_dataset.ImageType[0] == "DERIVED"
    assert after_dataset.get("LossyImageCompression") == dataset.get("LossyImageCompression")
    assert dataset == _read(name)


def test_a_box_of_one_frame_is_blanked_on_that_frame_only() -> None:
    dataset = _read("SC_rgb_rle_2frame.dcm")
    before = stored_frames(dataset)
    after = stored_frames(_again(redact(dataset, [_box(frame=1)])))
    assert np.array_equal(after[0], before[0])
    assert not after[1, 20:28, 10:40].any()


def test_kept_boxes_are_left_alone() -> None:
    dataset = _read("CT_small.dcm")
    after = stored_frames(_again(redact(dataset, [_box(verdict=Verdict.KEEP)])))
    assert np.array_equal(after, stored_frames(dataset))


def test_overlays_are_blanked_and_icons_dropped() -> None:
    dataset = _read("CT_small.dcm")
    dataset.add_new(0x60000010, "US", 128)
    dataset.add_new(0x60000011, "US", 128)
    dataset.add_new(0x60000050, "SS", [1, 1])
    dataset.add_new(0x60003000, "OW", b"\xff" * (128 * 128 // 8))
    icon = Dataset()
    icon.Rows = icon.Columns = 8
    dataset.IconImageSequence = [icon]
    output = _again(redact(dataset, [_box()]))
    plane = np.unpackbits(np.frombuffer(output[0x60003000].value, np.uint8), bitorder="little").reshape(128, 128)
    assert not plane[20:28, 10:40].any() and plane.sum() == 128 * 128 - 240
    assert "IconImageSequence" not in output


def test_monochrome1_is_blanked_black_on_display() -> None:
    dataset = _read("CT_small.dcm")
    dataset.PhotometricInterpretation = "MONOCHROME1"
    after = stored_frames(_again(redact(dataset, [_box()])))
    assert (after[0, 20:28, 10:40] == stored_frames(dataset).max()).all()


def _volume(count: int) -> NDArray[np.float32]:
    """A noisy drifting pattern: neighbours are alike, no two images are equal."""
    rows, columns = np.mgrid[0:256, 0:256].astype(np.float32)
    noise = np.random.default_rng(5)
    stack = [
        300 * np.sin(rows / 37 + z / 9) * np.cos(columns / 31 - z / 11) + noise.normal(0, 12, rows.shape)
        for z in range(count)
    ]
    return np.asarray(stack, np.float32)


def test_text_on_one_image_of_many_is_found_there() -> None:
    stack = _volume(40)
    _write(stack[23], "OYELARAN ANNA", (40, 120), 500)
    assert 23 in stand_out(stack).images
    boxes = [box for box in find_text(stack, DOE) if box.verdict is not Verdict.KEEP]
    assert boxes and {box.frame for box in boxes} == {23}
    assert boxes[0].reason == "header-match"


def test_text_on_every_image_is_found_once_for_all() -> None:
    stack = _volume(24)
    for image in stack:
        _write(image, "OYELARAN ANNA", (40, 120), 250)
    boxes = [box for box in find_text(stack, DOE) if box.verdict is Verdict.REDACT]
    assert [box.frame for box in boxes if box.reason == "header-match"][:1] == [None]


def test_real_pixels_without_text_give_no_boxes() -> None:
    frames = stored_frames(_read("CT_small.dcm"))
    assert [box for box in find_text(frames) if box.verdict is not Verdict.KEEP] == []


def test_the_scouts_synthetic_identity_is_found_and_redacted(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "05_cr_burned_in"
    truth = json.loads((folder / "ground_truth_boxes.json").read_text())["CT_scout_burnedin.dcm"]
    data = (folder / "CT_scout_burnedin.dcm").read_bytes()
    (checked,) = check_series([data], OriginalIdentifiers())
    assert checked.refusal == "" and checked.text_free
    before, after = stored_frames(_again(data))[0], stored_frames(_again(checked.data))[0]
    for box in truth:
        # The boxes were published for a copy with a margin of 25 pixels.
        top, left = box["top"] - 25, box["left"] - 25
        patch = after[top : top + box["height"], left : left + box["width"]]
        assert patch.max() == patch.min(), "text is left under a published box"
    assert (before != after).mean() < 0.05


def test_slide_labels_are_left_out_and_tissue_is_not(shared_dir: Path) -> None:
    paths = sorted((shared_dir / "data" / "09_wsi" / "cmu1_pyramid").glob("*.dcm"))
    checked = check_series([path.read_bytes() for path in paths], OriginalIdentifiers())
    refused = {path.name for path, instance in zip(paths, checked, strict=True) if instance.refusal == "slide-label"}
    assert refused == {"5.dcm", "6.dcm"}
    assert {instance.refusal for instance in checked} == {"", "slide-label"}


def test_a_failing_reader_lets_nothing_through(monkeypatch: pytest.MonkeyPatch) -> None:
    import imaging.burnedin.series as module

    def explode(*_: object, **__: object) -> list[TextBox]:
        raise MemoryError

    monkeypatch.setattr(module, "find_text", explode)
    dataset = _read("CT_small.dcm")
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset)
    (checked,) = check_series([buffer.getvalue()], OriginalIdentifiers())
    assert (checked.refusal, checked.text_free) == ("pixel-check-failed", False)


def _head(count: int, gap_mm: float, **attributes: str) -> list[Dataset]:
    slices = []
    for index in range(count):
        dataset = Dataset()
        dataset.Modality = "MR"
        dataset.SOPClassUID = UID("1.2.840.10008.5.1.4.1.1.4")
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.ImagePositionPatient = [0, 0, index * gap_mm]
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        slices.append(dataset)
    return slices


FACES = [
    (_head(160, 1.0, BodyPartExamined="HEAD"), True, "head-or-neck"),
    (_head(160, 1.0, SeriesDescription="t1_mprage_sag"), True, "head-or-neck"),
    (_head(160, 1.0), True, "region-unknown"),
    (_head(25, 5.0, BodyPartExamined="BRAIN"), False, "thick-or-short"),
    (_head(20, 1.0, BodyPartExamined="HEAD"), False, "thick-or-short"),
    (_head(300, 1.0, BodyPartExamined="CHEST"), False, "elsewhere"),
    (_head(160, 1.0, BodyPartExamined="HEAD", Modality="PT"), False, "modality"),
]


@pytest.mark.parametrize(("datasets", "held", "why"), FACES)
def test_series_with_a_face_are_held(datasets: list[Dataset], held: bool, why: str) -> None:
    risk = face_risk(datasets)
    assert (risk.held, risk.reason) == (held, why)
