"""The gates fail closed: whatever goes wrong holds the file, and a person's decision goes no further than it may."""

from __future__ import annotations

import pytest

from apps.intake.models import Delivery, IncomingFile
from apps.intake.services import admitting, checking, deidentifying, deliveries, reading
from apps.studies.models import Instance, Series, Study
from apps.studies.services import admission
from imaging.burnedin.series import CheckedInstance
from imaging.deid.residual import Residual
from kernel.blobs.store import ObjectStore
from kernel.jobs.models import Job
from kernel.tenancy.scope import tenant_scope
from tests.intake.files import ct_series

pytestmark = pytest.mark.django_db


def _refusing(code):
    return lambda contents, known, **_: [CheckedInstance(c, False, code) for c in contents]


def test_text_in_pixels_waits_for_a_person_and_passes_when_released(north, manager, send, work, monkeypatch):
    monkeypatch.setattr(deidentifying, "check_pixels", _refusing("burned-in-text"))
    delivery = send({f"{i}": content for i, content in enumerate(ct_series(2))})
    assert delivery["by_state"]["held"] == 2
    (group,) = manager.get("/api/v1/projects/lung/holds").json()["results"]
    assert (group["reason"]["code"], group["releasable"], group["count"]) == ("burned-in-text", True, 2)
    for file in group["files"]:
        body = {"decision": "admit", "reason": "a ruler, no name"}
        answer = manager.json("POST", f"/api/v1/incoming-files/{file['id']}/decision", body)
        assert (answer.status_code, answer.json()["state"]) == (200, "read")
    work()
    with tenant_scope(north.id):
        assert Instance.objects.count() == 2
        assert Delivery.objects.get().closed_at is not None


@pytest.mark.parametrize("code", ["slide-label", "something-new"])
def test_what_only_the_engine_knows_cannot_be_overruled(manager, send, monkeypatch, code):
    monkeypatch.setattr(deidentifying, "check_pixels", _refusing(code))
    send({"a": ct_series(1)[0]})
    (group,) = manager.get("/api/v1/projects/lung/holds").json()["results"]
    assert not group["releasable"]
    body = {"decision": "admit", "reason": "please"}
    path = f"/api/v1/incoming-files/{group['files'][0]['id']}/decision"
    assert manager.json("POST", path, body).json()["code"] == "cannot-admit"


def test_a_residual_identifier_holds_and_names_the_place_only(north, clear_pixels, send, monkeypatch):
    monkeypatch.setattr(deidentifying, "find_residuals", lambda *_: [Residual("(0008,1030)", "name")])
    delivery = send({"a": ct_series(1)[0]})
    assert delivery["by_state"]["held"] == 1
    with tenant_scope(north.id):
        row = IncomingFile.objects.get()
        assert (row.reason_code, row.where) == ("residual-identifier", "(0008,1030) name")
        assert not Instance.objects.exists()


def test_a_quality_check_that_crashes_holds(north, clear_pixels, send, monkeypatch):
    def crash(_):
        raise ValueError("value of a patient")

    monkeypatch.setattr(checking, "check_series", crash)
    delivery = send({"a": ct_series(1)[0]})
    assert delivery["by_state"]["held"] == 1
    with tenant_scope(north.id):
        assert IncomingFile.objects.get().reason_code == "quality-failed"


STEPS = [
    (reading, "files_read"),
    (checking, "series_checked"),
    (deidentifying, "series_identifiers"),
    (deidentifying, "pixels_checked"),
    (deidentifying, "instance_cleaned"),
    (admitting, "outcomes_settle"),
    (admission, "instances_admit"),
    (admitting, "_record"),
    (deliveries, "delivery_settle"),
]


@pytest.mark.parametrize(("module", "name"), STEPS, ids=[name for _, name in STEPS])
def test_a_crash_at_any_step_leaks_nothing_and_the_next_run_finishes(
    north, clear_pixels, send, work, monkeypatch, module, name
):
    original, crashed = getattr(module, name), list[str]()

    def crash_once(*args, **kwargs):
        if not crashed:
            crashed.append(name)
            raise RuntimeError("the worker dies here")
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, crash_once)
    send({f"{i}": content for i, content in enumerate(ct_series(3))})
    with tenant_scope(north.id):
        job = Job.objects.get(name="intake.process_delivery")
        if job.state != "done":
            # The queue gives it back after a delay; the test does not wait for it.
            assert not Instance.objects.exists() or name == "delivery_settle"
            Job.objects.filter(pk=job.pk).update(state="queued", not_before=None)
    work()
    assert crashed == [name]
    with tenant_scope(north.id):
        assert Instance.objects.count() == 3
        assert set(IncomingFile.objects.values_list("state", flat=True)) == {"admitted"}


@pytest.mark.parametrize("call", range(4))
def test_a_store_that_fails_loses_and_doubles_nothing(north, clear_pixels, send, work, monkeypatch, call):
    original, calls = ObjectStore.put, list[str]()

    def fail(self, path, content):
        calls.append(path)
        if len(calls) == call + 4:
            raise OSError("the disk is full")
        original(self, path, content)

    files = {f"{i}": content for i, content in enumerate(ct_series(3))}
    monkeypatch.setattr(ObjectStore, "put", fail)
    send(files)
    with tenant_scope(north.id):
        Job.objects.filter(name="intake.process_delivery", state="queued").update(not_before=None)
    work()
    with tenant_scope(north.id):
        assert Instance.objects.count() == 3
        assert set(IncomingFile.objects.values_list("state", flat=True)) == {"admitted"}


def test_files_without_series_uid_wait_and_become_one_series_when_released(north, clear_pixels, manager, send, work):
    files = ct_series(3, StudyInstanceUID="", SeriesInstanceUID="", SOPInstanceUID="", PatientID="", PatientName="")
    delivery = send({f"{i}": content for i, content in enumerate(files)})
    assert delivery["by_state"]["held"] == 3
    (group,) = manager.get("/api/v1/projects/lung/holds").json()["results"]
    assert (group["reason"]["code"], group["releasable"]) == ("missing-uids", True)
    for file in group["files"]:
        body = {"decision": "admit", "reason": "one scan"}
        manager.json("POST", f"/api/v1/incoming-files/{file['id']}/decision", body)
    work()
    with tenant_scope(north.id):
        assert (Study.objects.count(), Series.objects.count(), Instance.objects.count()) == (1, 1, 3)
        assert all(uid.startswith("2.25.") for uid in Instance.objects.values_list("sop_instance_uid", flat=True))
