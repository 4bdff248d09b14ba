"""What the engine writes, beyond what it removes: markers, keys, dates, references, refusals, the same bytes again."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID

from imaging.deid import PixelCheck, SubjectKeys, deidentify, load_policy
from imaging.deid.policy import ready_made
from tests.deid.canaries import base_dataset, to_bytes

KEYS = SubjectKeys(bytes(range(32)))
TCIA = load_policy("research-tcia")


def _output(
    dataset: pydicom.FileDataset, policy_name: str = "research-tcia", pixels: PixelCheck | None = None
) -> pydicom.FileDataset:
    result = deidentify(to_bytes(dataset), load_policy(policy_name), KEYS, pixels=pixels)
    assert result.withheld is None
    return pydicom.dcmread(io.BytesIO(result.file_bytes))


def test_pixels_and_every_harmless_attribute_keep_their_bytes() -> None:
    dataset = base_dataset()
    output = _output(dataset)
    assert output.PixelData == dataset.PixelData
    for keyword in ("Rows", "PixelSpacing", "RescaleSlope", "KVP", "ConvolutionKernel", "Manufacturer", "ImageType"):
        assert output[keyword] == dataset[keyword]


def test_dates_move_back_by_the_subjects_whole_weeks_and_birth_date_is_emptied() -> None:
    dataset = base_dataset()
    dataset.StudyDate, dataset.AcquisitionDateTime = "20200229", "20200229101112.5+0100"
    dataset.StudyTime = "101112"
    output = _output(dataset)
    assert KEYS.date_shift_days % 7 == 0 and KEYS.date_shift_days <= -364
    import datetime

    moved = datetime.date(2020, 2, 29) + datetime.timedelta(days=KEYS.date_shift_days)
    assert output.StudyDate == f"{moved:%Y%m%d}"
    assert output.AcquisitionDateTime == f"{moved:%Y%m%d}101112.5+0100"
    assert output.StudyTime == "101112"
    assert output.PatientBirthDate == ""
    assert output.LongitudinalTemporalInformationModified == "MODIFIED"


@pytest.mark.parametrize(
    ("age", "expected"), [("089Y", "089Y"), ("090Y", "090Y"), ("094Y", "090Y"), ("999M", "999M"), ("045Y", "045Y")]
)
def test_ages_over_89_are_one_group(age: str, expected: str) -> None:
    dataset = base_dataset()
    dataset.PatientAge = age
    assert _output(dataset).PatientAge == expected


def test_identity_becomes_the_pseudonym_and_uids_are_mapped_consistently() -> None:
    dataset = base_dataset()
    original = dataset.SOPInstanceUID
    reference = Dataset()
    reference.ReferencedSOPClassUID = dataset.SOPClassUID
    reference.ReferencedSOPInstanceUID = original
    dataset.ReferencedImageSequence = [reference]
    dataset.AccessionNumber = "ACC-1"
    output = _output(dataset)
    assert output.PatientID == str(output.PatientName) == KEYS.pseudonym()
    assert output.AccessionNumber == KEYS.accession("ACC-1")
    assert output.SOPInstanceUID == KEYS.uid(original) == output.file_meta.MediaStorageSOPInstanceUID
    item = output.ReferencedImageSequence[0]
    assert item.ReferencedSOPInstanceUID == output.SOPInstanceUID
    assert item.ReferencedSOPClassUID == dataset.SOPClassUID


def test_markers_say_what_was_done_and_nothing_more() -> None:
    output = _output(base_dataset())
    codes = [item.CodeValue for item in output.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113103", "113104", "113105", "113107", "113108", "113109", "113111"]
    assert output.PatientIdentityRemoved == "YES"
    assert "BurnedInAnnotation" not in output
    checked = _output(base_dataset(), pixels=PixelCheck(text_free=True))
    assert checked.BurnedInAnnotation == "NO"
    assert "113101" in [item.CodeValue for item in checked.DeidentificationMethodCodeSequence]
    attested = _output(base_dataset(), pixels=PixelCheck(features_attested=True))
    assert attested.RecognizableVisualFeatures == "NO"
    assert "113102" in [item.CodeValue for item in attested.DeidentificationMethodCodeSequence]


@pytest.mark.parametrize("name", ready_made())
def test_longitudinal_marker_follows_the_policy(name: str) -> None:
    modified = "retain-longitudinal-modified" in load_policy(name).options
    output = _output(base_dataset(), name)
    assert output.LongitudinalTemporalInformationModified == ("MODIFIED" if modified else "REMOVED")
    assert (output.get("StudyDate") or "") != base_dataset().StudyDate


def test_the_manifest_names_each_change_and_holds_no_value() -> None:
    dataset = base_dataset()
    dataset.StudyDescription = "CT chest of Quillfeather"
    result = deidentify(to_bytes(dataset), TCIA, KEYS)
    by_keyword = {change.keyword: change for change in result.manifest}
    assert by_keyword["PatientName"].action == "D"
    assert by_keyword["StudyDescription"].action == "C"
    assert by_keyword["StudyDescription"].reason == "clean-descriptors"
    assert "Quillfeather" not in repr(result) and "QF-884213" not in repr(result)
    originals = {record.keyword: record.original for record in result.vault_records}
    assert originals["StudyDescription"] == "CT chest of Quillfeather"
    assert pydicom.dcmread(io.BytesIO(result.file_bytes)).StudyDescription == "CT chest of"


REFUSALS = [
    ("1.2.840.10008.5.1.4.1.1.104.1", "encapsulated-document"),
    ("1.2.840.10008.5.1.4.1.1.104.2", "encapsulated-document"),
    ("1.2.840.10008.5.1.4.1.1.66", "raw-data"),
    ("1.2.840.10008.5.1.4.1.1.77.1.4.1", "video"),
    ("1.2.840.10008.5.1.4.1.1.9.4.1", "audio"),
    ("1.2.840.10008.5.1.4.1.1.9", "retired-graphics"),
    ("1.3.12.2.1107.5.9.1", "unknown-sop-class"),
    ("1.2.840.10008.1.3.10", "directory"),
]


@pytest.mark.parametrize(("sop_class", "code"), REFUSALS)
def test_what_cannot_be_checked_is_withheld_with_a_remedy(sop_class: str, code: str) -> None:
    dataset = base_dataset()
    dataset.SOPClassUID = UID(sop_class)
    result = deidentify(to_bytes(dataset), TCIA, KEYS)
    assert result.withheld is not None and result.withheld.code == code
    assert result.file_bytes == b"" and result.manifest == [] and result.vault_records == []
    assert result.withheld.remedy


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "unreadable-file"), (b"not dicom at all", "unreadable-file"), (b"\0" * 4000, "unreadable-file")],
)
def test_bytes_that_are_no_dicom_are_withheld(data: bytes, code: str) -> None:
    result = deidentify(data, TCIA, KEYS)
    assert result.withheld is not None and result.withheld.code == code


def test_a_file_cut_anywhere_is_withheld_or_leaks_nothing() -> None:
    data = to_bytes(base_dataset())
    for part in range(1, 40):
        result = deidentify(data[: len(data) * part // 40], TCIA, KEYS)
        assert result.withheld is not None or b"quillfeather" not in result.file_bytes.lower()


def test_a_signed_object_is_withheld_unless_the_policy_removes_signatures() -> None:
    dataset = base_dataset()
    signature = Dataset()
    signature.Signature = b"\1\2\3\4"
    signature.MACIDNumber = 1
    dataset[0xFFFAFFFA] = DataElement(0xFFFAFFFA, "SQ", [signature])
    result = deidentify(to_bytes(dataset), TCIA, KEYS)
    assert result.withheld is not None and result.withheld.code == "digital-signature"


def test_a_crash_inside_lets_nothing_through(monkeypatch: pytest.MonkeyPatch) -> None:
    from imaging.deid import deidentify as module

    def explode(*_: object) -> None:
        raise ZeroDivisionError("QF-884213")

    monkeypatch.setattr(sys.modules["imaging.deid.deidentify"], "scrub_pixel_bytes", explode)
    result = module(to_bytes(base_dataset()), TCIA, KEYS)
    assert result.withheld is not None and result.withheld.code == "engine-error"
    assert result.file_bytes == b"" and "QF-884213" not in repr(result)


def test_the_same_bytes_again_and_in_a_second_process(tmp_path: Path) -> None:
    source = tmp_path / "in.dcm"
    source.write_bytes(to_bytes(base_dataset()))
    first = deidentify(source.read_bytes(), TCIA, KEYS)
    assert deidentify(source.read_bytes(), TCIA, KEYS) == first
    script = (
        "import sys, hashlib; from imaging.deid import *\n"
        "r = deidentify(open(sys.argv[1], 'rb').read(), load_policy('research-tcia'), SubjectKeys(bytes(range(32))))\n"
        "print(hashlib.sha256(r.file_bytes).hexdigest())"
    )
    import hashlib

    second = subprocess.run(
        [sys.executable, "-c", script, str(source)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "platform"), "PYTHONHASHSEED": "77"},
    )
    assert second.stdout.strip() == hashlib.sha256(first.file_bytes).hexdigest()


def test_two_subjects_and_two_projects_share_nothing() -> None:
    data = to_bytes(base_dataset())
    one = deidentify(data, TCIA, SubjectKeys(b"\1" * 32))
    two = deidentify(data, TCIA, SubjectKeys(b"\2" * 32))
    assert one.sop_instance_uid != two.sop_instance_uid
    first, second = (pydicom.dcmread(io.BytesIO(r.file_bytes)) for r in (one, two))
    assert first.PatientID != second.PatientID
    assert first.StudyInstanceUID != second.StudyInstanceUID
    digests = {c.before_digest for c in one.manifest} & {c.before_digest for c in two.manifest}
    assert digests <= {""}
