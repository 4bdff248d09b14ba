"""DICOMweb as dicomweb-client speaks it."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from PIL import Image

from apps.audit.models import AuditEvent
from kernel.tenancy.scope import tenant_scope
from tests.intake.files import COLUMNS, ROWS, ct_series, pixels
from tests.studies.admitting import admit

pytestmark = pytest.mark.django_db


def _uids(admitted):
    return admitted.study.study_instance_uid, admitted.series.series_instance_uid


def test_studies_are_found(dicomweb, admitted):
    (row,) = dicomweb.search_for_studies()
    study_uid, _ = _uids(admitted)
    assert row["0020000D"]["Value"] == [study_uid]
    assert row["00080061"]["Value"] == ["CT"]
    assert row["00201208"]["Value"] == [5]
    assert row["00100020"]["Value"] == [admitted.subject.pseudonym]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"StudyDate": "20190314"}, 1), ({"StudyDate": "20190101-20191231"}, 1), ({"StudyDate": "-20180101"}, 0),
        ({"StudyDescription": "CHEST*"}, 1), ({"StudyDescription": "HEAD*"}, 0), ({"ModalitiesInStudy": "CT"}, 1),
        ({"ModalitiesInStudy": "MR"}, 0), ({"AccessionNumber": "ACC4455667"}, 1), ({"00100020": "NOBODY"}, 0),
    ],
)  # fmt: skip
def test_studies_are_matched(dicomweb, admitted, filters, count):
    assert len(dicomweb.search_for_studies(search_filters=filters)) == count


def test_lists_are_paged_and_say_that_there_is_more(dicomweb, manager, north, project, admitted):
    for n in range(3):
        admit(north, project, ct_series(1), patient=f"p{n}")
    pages = [dicomweb.search_for_studies(limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [len(page) for page in pages] == [2, 2, 0]
    uids = {row["0020000D"]["Value"][0] for page in pages for row in page}
    assert len(uids) == 4
    answer = manager.get("/dicomweb/v1/projects/lung/studies?limit=2&fuzzymatching=true")
    assert "additional results" in answer["Warning"] and "fuzzymatching" in answer["Warning"]


def test_series_and_instances_are_found(dicomweb, admitted):
    study_uid, series_uid = _uids(admitted)
    (series,) = dicomweb.search_for_series(study_uid)
    assert series["0020000E"]["Value"] == [series_uid]
    assert series["00201209"]["Value"] == [5]
    instances = dicomweb.search_for_instances(study_uid, series_uid)
    assert [row["00200013"]["Value"][0] for row in instances] == [1, 2, 3, 4, 5]
    assert len(dicomweb.search_for_instances()) == 5
    assert len(dicomweb.search_for_instances(search_filters={"InstanceNumber": "3"})) == 1


def test_included_fields_come_with_the_instances(dicomweb, admitted):
    rows = dicomweb.search_for_instances(*_uids(admitted), fields=["ImagePositionPatient"])
    assert [row["00200032"]["Value"][2] for row in rows] == [0.0, 2.5, 5.0, 7.5, 10.0]


def test_metadata_hold_every_attribute(dicomweb, admitted):
    metadata = dicomweb.retrieve_series_metadata(*_uids(admitted))
    assert len(metadata) == 5
    for row, content in zip(metadata, admitted.files, strict=True):
        original = pydicom.dcmread(io.BytesIO(content))
        kept = pydicom.Dataset.from_json({k: v for k, v in row.items() if "BulkDataURI" not in v})
        del original[0x7FE00010]
        assert kept == original
        assert row["7FE00010"]["BulkDataURI"].startswith("http://testserver/t/")


def test_study_and_instance_metadata_are_the_same_rows(dicomweb, admitted):
    study_uid, series_uid = _uids(admitted)
    of_series = dicomweb.retrieve_series_metadata(study_uid, series_uid)
    assert dicomweb.retrieve_study_metadata(study_uid) == of_series
    sop = admitted.instances[2].sop_instance_uid
    assert dicomweb.retrieve_instance_metadata(study_uid, series_uid, sop) == of_series[2]


def test_an_instance_comes_back_bit_for_bit(manager, admitted):
    study_uid, series_uid = _uids(admitted)
    for instance, content in zip(admitted.instances, admitted.files, strict=True):
        path = f"/dicomweb/v1/projects/lung/studies/{study_uid}/series/{series_uid}/instances/{instance}"
        answer = manager.get(path, HTTP_ACCEPT="application/dicom")
        assert answer.content == content
        assert answer["Content-Type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"


def test_series_and_study_come_as_parts(dicomweb, admitted):
    study_uid, series_uid = _uids(admitted)
    originals = [pydicom.dcmread(io.BytesIO(content)) for content in admitted.files]
    assert dicomweb.retrieve_series(study_uid, series_uid) == originals
    assert dicomweb.retrieve_study(study_uid) == originals
    sop = admitted.instances[1].sop_instance_uid
    assert dicomweb.retrieve_instance(study_uid, series_uid, sop) == originals[1]


def test_frames_are_the_stored_values(dicomweb, admitted):
    study_uid, series_uid = _uids(admitted)
    sop = admitted.instances[3].sop_instance_uid
    (frame,) = dicomweb.retrieve_instance_frames(study_uid, series_uid, sop, [1])
    assert np.array_equal(np.frombuffer(frame, "<i2").reshape(ROWS, COLUMNS), pixels(3))


def test_bulk_data_are_the_value(dicomweb, admitted):
    (row,) = dicomweb.retrieve_series_metadata(*_uids(admitted))[:1]
    (value,) = dicomweb.retrieve_bulkdata(row["7FE00010"]["BulkDataURI"])
    assert value == pixels(0).tobytes()


def test_a_frame_is_rendered_through_a_window(dicomweb, admitted):
    study_uid, series_uid = _uids(admitted)
    sop = admitted.instances[0].sop_instance_uid
    png = dicomweb.retrieve_instance_rendered(
        study_uid, series_uid, sop, media_types=("image/png",), params={"window": "-700,600,linear"}
    )
    drawn = np.asarray(Image.open(io.BytesIO(png)))
    values = pixels(0).astype(float) - 1024
    expected = np.clip(np.rint(((values - (-700 - 0.5)) / 599 + 0.5) * 255), 0, 255).astype(np.uint8)
    assert np.abs(drawn.astype(int) - expected.astype(int)).max() <= 1


def test_opening_is_written_down_once_and_taking_away_each_time(
    north, dicomweb, admitted, django_capture_on_commit_callbacks
):
    study_uid, series_uid = _uids(admitted)
    for instance in admitted.instances:
        with django_capture_on_commit_callbacks(execute=True):
            dicomweb.retrieve_instance_frames(study_uid, series_uid, instance.sop_instance_uid, [1])
    dicomweb.retrieve_series(study_uid, series_uid)
    with tenant_scope(north.id):
        opened = AuditEvent.objects.filter(action="studies.series.open", object_id=admitted.series.pk)
        assert [row.subject_pseudonym for row in opened] == [admitted.subject.pseudonym]
        taken = AuditEvent.objects.filter(action="studies.instance.retrieve").values_list("object_id", flat=True)
        assert sorted(map(str, taken)) == sorted(str(i.pk) for i in admitted.instances)
