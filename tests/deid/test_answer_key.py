"""An answer key of our own after the MIDI-B challenge: one object, every planted value, what must become of it.

MIDI-B's actions: text and tag retained, removed, replaced, cleaned; date shifted; UID changed; UID consistent; patient
id consistent; pixels hidden; pixels retained. Pixels have tests of their own under tests/imaging/burnedin.
"""

from __future__ import annotations

import datetime
import io

import pydicom
import pytest
from pydicom.dataset import Dataset

from imaging.deid import SubjectKeys, deidentify, load_policy
from tests.deid.canaries import base_dataset, to_bytes

KEYS = SubjectKeys(bytes(range(64, 96)))

RETAINED = {
    "Modality": "CT",
    "Manufacturer": "SIEMENS",
    "ManufacturerModelName": "Sensation 64",
    "SoftwareVersions": "syngo CT 2006A",
    "ConvolutionKernel": "B30f",
    "BodyPartExamined": "CHEST",
    "PatientPosition": "HFS",
    "PatientSex": "F",
    "PatientAge": "063Y",
    "PatientWeight": "71.5",
    "SeriesNumber": "3",
    "InstanceNumber": "12",
    "KVP": "120",
    "ExposureTime": "500",
    "SliceThickness": "1.25",
    "ScanOptions": "HELICAL MODE",
    "ContrastBolusAgent": "Omnipaque 350",
    "StationName": "CT01",
    "DeviceSerialNumber": "40021",
    "StudyTime": "101112",
    "SeriesTime": "101530.25",
    "SeriesDescription": "Thorax 1.0 B30f",
    "ProtocolName": "ThoraxRoutine",
}
CLEANED = {
    "StudyDescription": ("CT chest for Marwood, Tabitha MRN: 7781243", "CT chest for MRN"),
    "ImageComments": ("Read by Dr. Pellington on 03/04/2015", "Read by Dr. on"),
    "AcquisitionComments": ("supine, arms up", "supine, arms up"),
    "AdditionalPatientHistory": ("cough since 2 weeks, lives in Quagmire Heights", None),
}
GONE = {
    "PatientAddress": "12 Larkspur Lane",
    "PatientTelephoneNumbers": "555-871-2234",
    "OtherPatientIDs": "ZX-55512",
    "ReferringPhysicianName": "Pellington^Orson",
    "PerformingPhysicianName": "Vantongeren^Ilse",
    "OperatorsName": "Brummel^Kit",
    "InstitutionName": "Saint Quagmire Hospital",
    "InstitutionAddress": "Quagmire Heights",
    "PatientBirthDate": "19510203",
    "PatientMotherBirthName": "Ashgrove^Lavinia",
    "MilitaryRank": "Brigadier",
    "RequestingPhysician": "Pellington^Orson",
    "MedicalRecordLocator": "REC-99812",
    "StudyID": "ST-44123",
    "ScheduledPerformingPhysicianName": "Vantongeren^Ilse",
    "PatientInsurancePlanCodeSequence": None,
}
DATES = {
    "StudyDate": "20150304",
    "SeriesDate": "20150304",
    "AcquisitionDate": "20150304",
    "ContentDate": "20150304",
    "InstanceCreationDate": "20150305",
    "DateOfLastCalibration": "20150101",
    "PerformedProcedureStepStartDate": "20150304",
}
UIDS = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "IrradiationEventUID"]


def _subject() -> pydicom.FileDataset:
    dataset = base_dataset()
    dataset.PatientName, dataset.PatientID = "Marwood^Tabitha", "7781243"
    for keyword, value in [*RETAINED.items(), *DATES.items()]:
        setattr(dataset, keyword, value)
    for keyword, (value, _) in CLEANED.items():
        setattr(dataset, keyword, value)
    for keyword, text in GONE.items():
        if text is not None:
            setattr(dataset, keyword, text)
    plan = Dataset()
    plan.CodeValue, plan.CodingSchemeDesignator, plan.CodeMeaning = "P1", "99INS", "Plan Marwood"
    dataset.PatientInsurancePlanCodeSequence = [plan]
    dataset.IrradiationEventUID = "1.2.3.4.5.6.7.8"
    request = Dataset()
    request.ReferencedSOPClassUID = dataset.SOPClassUID
    request.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    dataset.SourceImageSequence = [request]
    return dataset


@pytest.fixture(scope="module")
def pair() -> tuple[pydicom.FileDataset, pydicom.FileDataset]:
    data = to_bytes(_subject())
    result = deidentify(data, load_policy("research-tcia"), KEYS)
    assert result.withheld is None
    return pydicom.dcmread(io.BytesIO(data)), pydicom.dcmread(io.BytesIO(result.file_bytes))


def _score(pair: tuple[pydicom.FileDataset, pydicom.FileDataset]) -> dict[str, bool]:
    """Each action on each planted value: done as the key says, or not."""
    before, after = pair
    shift = datetime.timedelta(days=KEYS.date_shift_days)
    score = {f"retained {k}": str(after.get(k, "")) == str(before[k].value) for k in RETAINED}
    for keyword, (_, expected) in CLEANED.items():
        text = str(after.get(keyword, ""))
        score[f"cleaned {keyword}"] = text == expected if expected else "Quagmire" not in text and "cough" in text
    for keyword, planted in GONE.items():
        left = str(after.get(keyword, ""))
        score[f"gone {keyword}"] = left == "" or (planted is not None and planted not in left)
    for keyword, day in DATES.items():
        moved = datetime.date(int(day[:4]), int(day[4:6]), int(day[6:])) + shift
        score[f"shifted {keyword}"] = after.get(keyword) == f"{moved:%Y%m%d}"
    for keyword in UIDS:
        score[f"uid {keyword}"] = after[keyword].value == KEYS.uid(str(before[keyword].value))
    reference = after.SourceImageSequence[0].ReferencedSOPInstanceUID
    score["uid consistent"] = reference == after.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID
    score["patient id"] = after.PatientID == KEYS.pseudonym()
    score["pixels retained"] = after.PixelData == before.PixelData
    return score


def test_every_action_of_the_answer_key_is_done(pair: tuple[pydicom.FileDataset, pydicom.FileDataset]) -> None:
    score = _score(pair)
    assert len(score) > 50
    assert [action for action, done in score.items() if not done] == []
