"""From a settled case to what the customer pulls, and to nobody else."""

import gzip
import hashlib
import io
import uuid
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from apps.audit.models import AuditEvent
from apps.datasets.models import DatasetVersion, Member
from apps.exports.models import Artifact, Download, Export
from apps.projects.services.projects import role_grant
from kernel.blobs.services import blob_read
from kernel.jobs.models import Job
from kernel.keys.errors import KeyDestroyedError
from kernel.tenancy.scope import tenant_scope
from tests.tasks.panel import COLUMNS, ROWS, SLICES, Panel, box

pytestmark = pytest.mark.django_db


def streamed(answer: Any) -> bytes:
    """The body of a streamed answer."""
    return b"".join(answer.streaming_content)


class Shelf:
    """A settled case on its way to a customer."""

    def __init__(self, panel: Panel) -> None:
        self.panel, self.world = panel, panel.world
        self.manager = panel.world.client(panel.world.owner)
        panel.read(panel.anna, box(1, 2, 2, 8))
        panel.read(panel.ben, box(1, 2, 3, 8))
        panel.run_jobs()

    def post(self, path: str, body: Any = None, status: int | tuple[int, ...] = (200, 201, 202)) -> Any:
        answer = self.manager.json("POST", path, body)
        assert answer.status_code in (status if isinstance(status, tuple) else (status,)), answer.content
        return answer.json()

    def version(self) -> str:
        if self.manager.get("/api/v1/datasets/nodules").status_code == 404:
            self.post("/api/v1/projects/lung/datasets", {"slug": "nodules", "name": "Nodules"})
        self.post("/api/v1/datasets/nodules/versions", {"message": "first"})
        self.panel.run_jobs()
        rows = self.manager.get("/api/v1/datasets/nodules/versions").json()["results"]
        return str(rows[0]["digest"])

    def export(self, digest: str, fmt: str) -> Any:
        made = self.post(f"/api/v1/dataset-versions/{digest}/exports", {"format": fmt})
        self.panel.run_jobs()
        with tenant_scope(self.world.id):
            assert Export.objects.get(pk=made["id"]).state == "ready", Job.objects.filter(state="failed").values()
        return made

    def release(self, *formats: str) -> tuple[str, Any]:
        digest = self.version()
        exports = [self.export(digest, fmt)["id"] for fmt in formats or ("nifti",)]
        body = {"name": "2026.1", "terms": "Research use.", "exports": exports}
        return digest, self.post(f"/api/v1/dataset-versions/{digest}/releases", body, 201)

    def customer(self) -> Any:
        person = self.world.member()
        with tenant_scope(self.world.id):
            role_grant(actor=self.world.owner, project=self.panel.project, user_id=person.user.pk, role="customer")
        return person

    def content(self, path_end: str) -> bytes:
        with tenant_scope(self.world.id):
            return blob_read(Artifact.objects.select_related("blob").get(path__endswith=path_end).blob)


@pytest.fixture
def shelf(panel: Panel) -> Shelf:
    return Shelf(panel)


def test_building_twice_without_change_is_one_version(shelf: Shelf) -> None:
    assert shelf.version() == shelf.version()
    with tenant_scope(shelf.world.id):
        version = DatasetVersion.objects.get()
        assert hashlib.sha256(bytes(version.manifest)).hexdigest() == version.digest
        assert (version.member_count, version.subject_count, version.message) == (1, 1, "first")
    manifest = shelf.manager.get(f"/api/v1/dataset-versions/{version.digest}/manifest")
    assert manifest.content == bytes(version.manifest)


def test_a_nifti_export_holds_what_was_settled(shelf: Shelf) -> None:
    shelf.export(shelf.version(), "nifti")
    labels = nibabel.Nifti1Image.from_bytes(gzip.decompress(shelf.content("labels_01.nii.gz")))
    array = np.asarray(labels.dataobj).transpose(2, 1, 0)
    assert array.shape == (SLICES, ROWS, COLUMNS)
    assert array.dtype == np.dtype("uint8")
    assert (array.astype(bool) == box(1, 2, 3, 8)).all()
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(shelf.content("image_01_ct.nii.gz")))
    assert np.allclose(image.affine, labels.affine)
    assert np.allclose(image.header.get_zooms(), (0.8, 0.7, 2.5))


def test_a_dicom_export_holds_the_very_files_and_a_seg(shelf: Shelf) -> None:
    shelf.export(shelf.version(), "dicom-seg")
    seg = pydicom.dcmread(io.BytesIO(shelf.content(".seg.dcm")))
    assert (seg.Modality, seg.SegmentSequence[0].SegmentLabel) == ("SEG", "Nodule")
    assert int(np.count_nonzero(seg.pixel_array)) == int(box(1, 2, 3, 8).sum())
    with tenant_scope(shelf.world.id):
        images = Artifact.objects.filter(path__contains="/dicom_01/")
        manifest = bytes(DatasetVersion.objects.get().manifest).decode()
        assert images.count() == SLICES
        assert all(row.sha256 in manifest for row in images)


@pytest.mark.parametrize("fmt", ["nifti", "dicom-seg"])
def test_a_second_writing_gives_the_same_bytes(shelf: Shelf, fmt: str) -> None:
    made = shelf.export(shelf.version(), fmt)
    job = shelf.post(f"/api/v1/exports/{made['id']}/verify", status=202)
    shelf.panel.run_jobs()
    with tenant_scope(shelf.world.id):
        ended = Job.objects.get(pk=job["id"])
        assert (ended.state, ended.result["equal"]) == ("done", ended.result["files"])


def test_a_second_writing_that_differs_is_found(shelf: Shelf) -> None:
    made = shelf.export(shelf.version(), "nifti")
    with tenant_scope(shelf.world.id):
        Artifact.objects.filter(path__endswith="labels_01.nii.gz").update(sha256="0" * 64)
    job = shelf.post(f"/api/v1/exports/{made['id']}/verify", status=202)
    shelf.panel.run_jobs()
    with tenant_scope(shelf.world.id):
        ended = Job.objects.get(pk=job["id"])
        assert (ended.state, ended.error_code) == ("failed", "export-differs")
        assert "labels_01.nii.gz" in ended.error_detail


def test_an_export_goes_on_where_it_died(shelf: Shelf) -> None:
    made = shelf.export(shelf.version(), "nifti")
    with tenant_scope(shelf.world.id):
        before = dict(Artifact.objects.values_list("path", "sha256"))
        Artifact.objects.filter(path="SHA256SUMS").delete()
        Export.objects.update(state="failed")
    shelf.export(shelf.version(), "nifti")
    with tenant_scope(shelf.world.id):
        assert dict(Artifact.objects.values_list("path", "sha256")) == before
        assert Export.objects.get().pk == uuid.UUID(made["id"])


def test_the_customer_and_nobody_else_pulls_it(shelf: Shelf, south: Any) -> None:
    _, release = shelf.release()
    granted, other = shelf.customer(), shelf.customer()
    shelf.post(f"/api/v1/releases/{release['id']}/grants", {"email": granted.user.email}, 201)
    mine, theirs = shelf.world.client(granted), shelf.world.client(other)
    page = "/api/v1/releases/nodules/2026.1"
    assert mine.get(page).status_code == 404  # a draft is seen by no customer
    shelf.post(f"/api/v1/releases/{release['id']}/publish")
    body = mine.get(page).json()
    assert (body["what"]["cases"], body["how_read"]["by_consensus"], body["terms"]) == (1, 1, "Research use.")
    rows = mine.get(f"{page}/artifacts").json()["results"]
    assert len(rows) == body["file_count"] == 6
    for row in rows:
        content = streamed(mine.get(row["url"]))
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
    for stranger in (theirs, shelf.panel.anna.client, south.client(south.owner)):
        assert stranger.get(page).status_code == 404
        assert stranger.get(f"/api/v1/artifacts/{rows[0]['id']}/content").status_code == 404
    for upstream in ("projects/lung", "projects/lung/studies", "projects/lung/cases", "datasets/nodules", "worklist"):
        answer = mine.get(f"/api/v1/{upstream}")
        assert answer.status_code == 404 or answer.json()["results"] == [], upstream
    with tenant_scope(shelf.world.id):
        assert Download.objects.count() == 6
        assert AuditEvent.objects.filter(action="exports.artifact.pulled", outcome="allowed").count() == 6
        assert AuditEvent.objects.filter(outcome="refused", actor_id=other.user.pk).count() == 2


def test_a_file_comes_in_ranges(shelf: Shelf) -> None:
    _, release = shelf.release()
    customer = shelf.customer()
    shelf.post(f"/api/v1/releases/{release['id']}/grants", {"email": customer.user.email}, 201)
    shelf.post(f"/api/v1/releases/{release['id']}/publish")
    client = shelf.world.client(customer)
    row = client.get("/api/v1/releases/nodules/2026.1/artifacts").json()["results"][0]
    whole = streamed(client.get(row["url"]))
    part = client.get(row["url"], HTTP_RANGE="bytes=10-19")
    assert (part.status_code, streamed(part)) == (206, whole[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert streamed(client.get(row["url"], HTTP_RANGE="bytes=-5")) == whole[-5:]
    refused = client.get(row["url"], HTTP_RANGE=f"bytes={len(whole)}-")
    assert (refused.status_code, refused.json()["code"]) == (416, "range-not-satisfiable")


def test_a_withdrawn_release_is_gone_for_good(shelf: Shelf) -> None:
    digest, release = shelf.release()
    customer = shelf.customer()
    shelf.post(f"/api/v1/releases/{release['id']}/grants", {"email": customer.user.email}, 201)
    shelf.post(f"/api/v1/releases/{release['id']}/publish")
    shelf.post(f"/api/v1/releases/{release['id']}/withdraw")
    assert shelf.world.client(customer).get("/api/v1/releases/nodules/2026.1").status_code == 404
    assert shelf.post(f"/api/v1/releases/{release['id']}/publish", status=409)["code"] == "release-withdrawn"
    with tenant_scope(shelf.world.id):
        exports = [str(pk) for pk in Export.objects.values_list("pk", flat=True)]
    body = {"name": "2026.1", "terms": "x", "exports": exports}
    assert shelf.post(f"/api/v1/dataset-versions/{digest}/releases", body, 409)["code"] == "release-exists"


def test_after_erasure_nothing_of_the_subject_can_be_read_rebuilt_or_released(shelf: Shelf) -> None:
    digest, release = shelf.release()
    with tenant_scope(shelf.world.id):
        subject_id = Member.objects.get().subject_id
    shelf.post(f"/api/v1/subjects/{subject_id}/erase", {"reason": "withdrawal of consent"})
    shelf.panel.run_jobs()
    with tenant_scope(shelf.world.id):
        assert Member.objects.filter(erased_at__isnull=True).count() == 0
        sealed = Artifact.objects.select_related("blob").get(path__endswith="labels_01.nii.gz")
        with pytest.raises(KeyDestroyedError):
            blob_read(sealed.blob)
        assert AuditEvent.objects.filter(action="datasets.version.affected_by_erasure").count() == 1
        assert AuditEvent.objects.filter(action="exports.export.affected_by_erasure").count() == 1
    assert shelf.post(f"/api/v1/releases/{release['id']}/publish", status=409)["code"] == "version-incomplete"
    made = shelf.post(f"/api/v1/dataset-versions/{digest}/exports", {"format": "dicom-seg"})
    shelf.panel.run_jobs()
    with tenant_scope(shelf.world.id):
        assert Job.objects.get(pk=made["job_id"]).error_code == "version-incomplete"
