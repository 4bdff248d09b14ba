"""STOW-RS as dicomweb-client sends it."""

from __future__ import annotations

import io

import pydicom
import pytest

from apps.intake.models import Delivery, IncomingFile
from apps.studies.models import Instance
from kernel.tenancy.scope import tenant_scope
from tests.intake.files import ct_series, uid
from tests.studies.conftest import dicomweb_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clear_pixels")]


def _datasets(files):
    return [pydicom.dcmread(io.BytesIO(content)) for content in files]


def test_stored_instances_are_admitted(north, manager, work):
    files = ct_series(3)
    answer = dicomweb_of(manager).store_instances(_datasets(files))
    assert len(answer.ReferencedSOPSequence) == 3
    assert "FailedSOPSequence" not in answer
    work()
    with tenant_scope(north.id):
        assert Instance.objects.count() == 3
        assert (Delivery.objects.get().source, Delivery.objects.get().state) == ("stow", "done")


def test_what_is_no_dicom_fails_by_itself(north, manager, work):
    boundary = "b0undary"
    good = ct_series(1)[0]
    parts = b"".join(
        b"--" + boundary.encode() + b"\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n"
        for content in (good, b"not an instance")
    )
    answer = manager.generic(
        "POST",
        "/dicomweb/v1/projects/lung/studies",
        parts + b"--" + boundary.encode() + b"--",
        content_type=f'multipart/related; type="application/dicom"; boundary={boundary}',
    )
    assert answer.status_code == 202
    body = answer.json()
    assert body["00081198"]["Value"][0]["00081197"]["Value"] == [0xC000]
    assert len(body["00081199"]["Value"]) == 1
    work()
    with tenant_scope(north.id):
        assert sorted(IncomingFile.objects.values_list("state", flat=True)) == ["admitted", "refused"]


def test_an_instance_of_another_study_fails(north, manager):
    with pytest.raises(Exception, match="409"):
        dicomweb_of(manager).store_instances(_datasets(ct_series(1)), study_instance_uid=uid())
    with tenant_scope(north.id):
        assert not IncomingFile.objects.exists()


def test_storing_again_is_no_error(north, manager, work):
    files = ct_series(2)
    dicomweb_of(manager).store_instances(_datasets(files))
    work()
    again = dicomweb_of(manager).store_instances(_datasets(files))
    assert len(again.ReferencedSOPSequence) == 2
    work()
    with tenant_scope(north.id):
        assert sorted(IncomingFile.objects.values_list("state", flat=True)) == ["admitted"] * 2 + ["duplicate"] * 2
        assert Instance.objects.count() == 2


def test_one_sender_fills_one_delivery(north, manager):
    for content in ct_series(3):
        dicomweb_of(manager).store_instances(_datasets([content]))
    with tenant_scope(north.id):
        assert Delivery.objects.get().files_received == 3


@pytest.mark.parametrize("role", ["reader", "adjudicator", "reviewer", "customer", "auditor"])
def test_only_managers_deliver(north, project, role):
    from apps.projects.services.projects import role_grant

    actor = north.member()
    with tenant_scope(north.id):
        role_grant(actor=north.owner, project=project, user_id=actor.user.pk, role=role)
    client = north.client(actor)
    assert client.json("POST", "/api/v1/projects/lung/deliveries", {"name": "x"}).status_code == 404
    assert client.get("/api/v1/projects/lung/deliveries").status_code == 404
    assert client.get("/api/v1/projects/lung/holds").status_code == 404
    with pytest.raises(Exception, match="404"):
        dicomweb_of(client).store_instances(_datasets(ct_series(1)))
    with tenant_scope(north.id):
        assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b"{}", "unsupported-media-type"),
        ("multipart/related; type=application/dicom", b"x", "bad-multipart"),
        ("multipart/related; boundary=b", b"--b\r\nContent-Type: application/dicom\r\n\r\ncut", "bad-multipart"),
    ],
)
def test_a_body_that_is_none_is_refused(north, manager, content_type, body, code):
    answer = manager.generic("POST", "/dicomweb/v1/projects/lung/studies", body, content_type=content_type)
    assert answer.json()["code"] == code
    with tenant_scope(north.id):
        assert not IncomingFile.objects.exists()
