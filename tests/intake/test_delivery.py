"""The way of a file from the sender into the studies, and of each kind of file that does not get there."""

from __future__ import annotations

import hashlib
import uuid

import pytest

from apps.audit.models import AuditEvent
from apps.intake.models import Delivery, IncomingFile
from apps.studies.models import Instance, Series, Study, Subject
from kernel.blobs.models import Blob
from kernel.blobs.services import blob_read
from kernel.keys.models import WrappedKey
from kernel.tenancy.scope import tenant_scope
from tests.intake.conftest import put
from tests.intake.files import CANARY, ct_file, ct_series, uid, zipped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clear_pixels")]


def test_a_series_is_admitted_without_its_identities(north, manager, send):
    files = ct_series(4)
    delivery = send({f"DOE/IM{i}.dcm": content for i, content in enumerate(files)})
    assert delivery["state"] == "done"
    assert delivery["by_state"] == {"received": 0, "held": 0, "admitted": 4, "refused": 0, "duplicate": 0}
    with tenant_scope(north.id):
        study, series, subject = Study.objects.get(), Series.objects.get(), Subject.objects.get()
        assert (study.instance_count, study.series_count, study.modalities) == (4, 1, ["CT"])
        assert (series.rows, series.columns, series.instance_count) == (24, 32, 4)
        for instance in Instance.objects.all():
            stored = blob_read(instance.blob)
            assert b"CANARY" not in stored and b"MRN-7731904" not in stored and b"19610203" not in stored
            assert subject.pseudonym.encode() in stored


def test_the_bytes_that_came_are_kept_with_their_digest(north, send):
    files = ct_series(2)
    send({f"{i}": content for i, content in enumerate(files)})
    with tenant_scope(north.id):
        kept = {row.source_digest: blob_read(row.source_blob) for row in Instance.objects.all()}
    assert kept == {hashlib.sha256(content).hexdigest(): content for content in files}


def test_a_zip_is_unpacked_member_by_member(north, manager, send):
    files = {f"study/{i}.dcm": content for i, content in enumerate(ct_series(3))}
    delivery = send({"all.zip": zipped({**files, "readme.txt": b"hello"})})
    assert delivery["by_state"] | {"unpacked": 1} == {
        "received": 0, "held": 0, "admitted": 3, "refused": 1, "duplicate": 0, "unpacked": 1,
    }  # fmt: skip
    rows = manager.get(f"/api/v1/deliveries/{delivery['id']}/files?state=refused").json()["results"]
    assert [row["reason"]["code"] for row in rows] == ["not-dicom"]


def test_every_kind_of_file_is_reported(manager, send):
    good = ct_series(1)[0]
    delivery = send({"good": good, "text.txt": b"not an image", "cut": good[:700], "same": good})
    rows = manager.get(f"/api/v1/deliveries/{delivery['id']}/files").json()["results"]
    found = {row["state"]: (row["reason"] or {}).get("code") for row in rows}
    assert len(rows) == 4
    assert found["admitted"] is None
    assert found["duplicate"] == "duplicate"
    assert {row["reason"]["code"] for row in rows if row["state"] == "refused"} >= {"not-dicom"}
    assert all(row["reason"]["remedy"] for row in rows if row["state"] == "refused")


def test_sending_known_files_again_adds_nothing(north, send):
    files = {f"{i}": content for i, content in enumerate(ct_series(3))}
    send(files)
    again = send(files)
    assert again["by_state"]["duplicate"] == 3
    with tenant_scope(north.id):
        assert Instance.objects.count() == 3


def test_the_same_patient_keeps_the_pseudonym(north, send):
    send({"first": ct_series(1, patient="P-1")[0]})
    send({"second": ct_series(1, patient="P-1")[0]})
    send({"other": ct_series(1, patient="P-2")[0]})
    with tenant_scope(north.id):
        assert Subject.objects.count() == 2
        assert Study.objects.values_list("subject__pseudonym", flat=True).distinct().count() == 2


def test_the_same_patient_in_two_projects_is_two_subjects(north, send):
    north.project("brain")
    file = ct_series(1)[0]
    send({"a": file})
    send({"a": file}, slug="brain")
    with tenant_scope(north.id):
        one, other = Subject.objects.order_by("created_at")
        assert one.pseudonym != other.pseudonym
        assert one.patient_digest != other.patient_digest
        uids = set(Instance.objects.values_list("sop_instance_uid", flat=True))
        assert len(uids) == 2


def test_other_bytes_under_a_known_uid_are_held(north, manager, send):
    study, series = uid(), uid()
    send({"first": ct_file(study, series, 0)})
    delivery = send({"second": ct_file(study, series, 0, StudyDescription="CHANGED")})
    assert delivery["by_state"]["held"] == 1
    groups = manager.get("/api/v1/projects/lung/holds").json()["results"]
    assert [(g["reason"]["code"], g["count"], g["releasable"]) for g in groups] == [("conflicting-instance", 1, False)]
    with tenant_scope(north.id):
        assert Instance.objects.count() == 1


def test_a_person_cannot_let_a_conflict_pass(manager, send):
    study, series = uid(), uid()
    send({"first": ct_file(study, series, 0)})
    send({"second": ct_file(study, series, 0, StudyDescription="CHANGED")})
    held = manager.get("/api/v1/projects/lung/holds").json()["results"][0]["files"][0]
    path = f"/api/v1/incoming-files/{held['id']}/decision"
    refused = manager.json("POST", path, {"decision": "admit", "reason": "looks fine"})
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot-admit")
    rejected = manager.json("POST", path, {"decision": "reject", "reason": "older export"})
    assert rejected.json()["state"] == "refused"
    again = manager.json("POST", path, {"decision": "reject", "reason": "older export"})
    assert (again.status_code, again.json()["code"]) == (409, "not-held")


def test_a_settled_delivery_forgets_its_names_and_what_it_refused(north, manager, send):
    delivery = send({"DOE^JANE/one": ct_series(1)[0], "notes.txt": b"DOE JANE, room 4"})
    with tenant_scope(north.id):
        row = Delivery.objects.get()
        assert row.closed_at is not None
        assert WrappedKey.objects.get(pk=row.key_id).destroyed_at is not None
        assert not Blob.objects.filter(key_id=row.key_id).exists()
        assert not IncomingFile.objects.filter(blob__isnull=False).exists()
    rows = manager.get(f"/api/v1/deliveries/{delivery['id']}/files").json()["results"]
    assert [row["name"] for row in rows] == ["file 1", "file 2"]


def test_names_are_shown_while_a_delivery_is_open_and_lie_sealed(north, manager):
    delivery = manager.json("POST", "/api/v1/projects/lung/deliveries", {"name": "x"}).json()
    put(manager, delivery["id"], "DOE^JANE/один 1.dcm", ct_series(1)[0])
    rows = manager.get(f"/api/v1/deliveries/{delivery['id']}/files").json()["results"]
    assert [row["name"] for row in rows] == ["DOE^JANE/один 1.dcm"]
    with tenant_scope(north.id):
        assert b"DOE" not in bytes(IncomingFile.objects.get().sealed_name)


def test_an_upload_goes_on_where_it_stopped(manager):
    delivery = manager.json("POST", "/api/v1/projects/lung/deliveries", {"name": "x"}).json()
    content = ct_series(1)[0]
    assert put(manager, delivery["id"], "a", content).status_code == 201
    assert put(manager, delivery["id"], "a", content).status_code == 200
    body = {"files": [{"name": "a", "size": len(content)}, {"name": "b", "size": 3}, {"name": "a", "size": 7}]}
    missing = manager.json("POST", f"/api/v1/deliveries/{delivery['id']}/missing", body)
    assert missing.json() == {"missing": ["b", "a"]}
    assert manager.get(f"/api/v1/deliveries/{delivery['id']}").json()["files_received"] == 1


def test_a_complete_delivery_takes_no_more(manager):
    delivery = manager.json("POST", "/api/v1/projects/lung/deliveries", {"name": "x"}).json()
    assert manager.json("POST", f"/api/v1/deliveries/{delivery['id']}/complete").status_code == 202
    late = put(manager, delivery["id"], "late", b"x")
    assert (late.status_code, late.json()["code"]) == (409, "delivery-complete")


def test_a_cancelled_delivery_admits_nothing(north, manager, work):
    delivery = manager.json("POST", "/api/v1/projects/lung/deliveries", {"name": "x"}).json()
    put(manager, delivery["id"], "a", ct_series(1)[0])
    cancelled = manager.json("POST", f"/api/v1/deliveries/{delivery['id']}/cancel").json()
    assert (cancelled["state"], cancelled["by_state"]["refused"]) == ("cancelled", 1)
    work()
    with tenant_scope(north.id):
        assert not Instance.objects.exists()
        assert Delivery.objects.get().closed_at is not None


def test_every_file_and_its_admission_is_in_the_trail(north, send):
    send({f"{i}": content for i, content in enumerate(ct_series(2))})
    with tenant_scope(north.id):
        actions = list(AuditEvent.objects.values_list("action", flat=True))
        received = AuditEvent.objects.filter(action="intake.file.receive")
        assert received.count() == 2
        assert set(received.values_list("digest_after", flat=True)) == set(
            IncomingFile.objects.values_list("sha256", flat=True)
        )
        assert actions.count("studies.series.admit") == 1
        assert "intake.delivery.close" in actions
        trail = " ".join(str(row) for row in AuditEvent.objects.values())
        assert CANARY.split("^")[0] not in trail and "MRN-7731904" not in trail


def test_an_unknown_delivery_is_absent(manager):
    assert manager.get(f"/api/v1/deliveries/{uuid.uuid4()}").status_code == 404


def test_the_manifest_tells_what_was_changed_and_no_original(north, manager, send):
    send({f"{i}": content for i, content in enumerate(ct_series(2))})
    with tenant_scope(north.id):
        series_id = Series.objects.get().pk
    body = manager.get(f"/api/v1/series/{series_id}/deidentification").json()
    assert (body["policy"], body["instances"], body["unchanged"]) == ("basic", 2, 0)
    changed = {row["keyword"]: (row["tag"], row["instances"]) for row in body["changes"]}
    assert changed["PatientName"] == ("(0010,0010)", 2)
    assert changed["PatientBirthDate"] == ("(0010,0030)", 2)
    assert "CANARY" not in str(body) and "19610203" not in str(body)
