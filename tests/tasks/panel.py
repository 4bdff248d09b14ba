"""A reading panel for tests: admitted synthetic studies, cases, and readers that draw."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from apps.annotations.domain.container import CONTAINER_TYPE, PlaneEntry, Submission, decode_state, encode_submission
from apps.annotations.domain.planes import compress, pack
from apps.studies.domain.description import describe
from apps.studies.services.admission import Admission, instances_admit
from apps.studies.services.subjects import subjects_for_identities
from kernel.actors import system_actor
from kernel.blobs.services import blobs_write
from kernel.ids import uuid7
from kernel.jobs.runner import drain
from kernel.keys.services import delivery_key_create
from kernel.tenancy.scope import tenant_scope
from tests.world import TenantWorld

ROWS, COLUMNS, SLICES = 10, 13, 4  # 130 pixels: the last byte of a plane has spare bits


def uid() -> str:
    """A fresh DICOM UID."""
    return f"2.25.{uuid.uuid4().int}"


def ct_slice(study_uid: str, series_uid: str, index: int) -> bytes:
    """One CT file; InstanceNumber runs against the normal, so that only positions give the order."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = f"{series_uid}.{index + 1}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study_uid, series_uid
    dataset.Modality, dataset.StudyDate, dataset.PatientID, dataset.PatientName = "CT", "20200101", "PSEUDO", "PSEUDO"
    dataset.InstanceNumber, dataset.SeriesNumber = SLICES - index, 1
    dataset.FrameOfReferenceUID = f"{series_uid}.99"
    dataset.ImagePositionPatient = [0.0, 0.0, 2.5 * index]
    dataset.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    dataset.PixelSpacing = [0.7, 0.8]
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.PixelData = np.zeros((ROWS, COLUMNS), "<i2").tobytes()
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def study_admit(world: TenantWorld, project: Any, *, patient: str = "") -> tuple[str, str]:
    """Admit a CT study of `SLICES` slices, as intake does; returns its Study and Series Instance UIDs."""
    study_uid, series_uid = uid(), uid()
    files = [ct_slice(study_uid, series_uid, index) for index in range(SLICES)]
    with tenant_scope(world.id):
        actor = system_actor(world.id)
        name = patient or uuid.uuid4().hex
        subject = subjects_for_identities(project.pk, [name])[name]
        key = delivery_key_create(project.pk, uuid7())
        sources = blobs_write(key, files)
        admissions = [
            Admission(description=describe(content), content=None, source_blob=source, source_digest=source.digest)
            for content, source in zip(files, sources, strict=True)
        ]
        instances_admit(actor=actor, subject=subject, admissions=admissions)
    return study_uid, series_uid


def box(first_slice: int, last_slice: int, first: int, last: int) -> NDArray[np.bool_]:
    """A box mask `[slice, row, column]`, ends included."""
    mask = np.zeros((SLICES, ROWS, COLUMNS), bool)
    mask[first_slice : last_slice + 1, first : last + 1, first : last + 1] = True
    return mask


def submission(
    series_uid: str,
    mask: NDArray[np.bool_],
    *,
    segment: int = 1,
    base_revision: int = 0,
    client_id: uuid.UUID | None = None,
    slices: range | None = None,
) -> bytes:
    """The container a browser would send for some slices of a mask (all by default)."""
    entries = [
        PlaneEntry(
            segment, index, f"{series_uid}.{index + 1}", ROWS, COLUMNS, "bits-deflate", compress(pack(mask[index]))
        )
        for index in (slices if slices is not None else range(SLICES))
    ]
    return encode_submission(Submission(client_id or uuid.uuid4(), base_revision, tuple(entries)))


class Page:
    """One reader's browser."""

    def __init__(self, world: TenantWorld, actor: Any) -> None:
        self.actor = actor
        self.client = world.client(actor)

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def segmentation(self, path: str) -> Any:
        """A container, asked for as the viewer does."""
        response = self.client.get(path, headers={"accept": CONTAINER_TYPE})
        assert (response.status_code, response["Content-Type"]) == (200, CONTAINER_TYPE), response.content
        return decode_state(response.content)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.json("POST", path, body, **headers)

    def worklist(self, query: str = "") -> Any:
        """The worklist's body."""
        response = self.get(f"/api/v1/worklist{query}")
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def claim(self) -> str:
        """Claim the next case; the read's id."""
        response = self.post("/api/v1/worklist/claim-next", {})
        assert response.status_code == 201, response.content
        return str(json.loads(response.content)["read_id"])

    def read(self, read_id: str) -> Any:
        """The read's page."""
        response = self.get(f"/api/v1/reads/{read_id}")
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def save_raw(self, read_id: str, series_uid: str, content: bytes) -> Any:
        """Send a container."""
        return self.client.generic(
            "POST",
            f"/api/v1/reads/{read_id}/segmentations/{series_uid}/revisions",
            content,
            content_type=CONTAINER_TYPE,
        )

    def draw(self, read_id: str, series_uid: str, mask: NDArray[np.bool_], **kwargs: Any) -> Any:
        """Save a mask; the acknowledgement."""
        response = self.save_raw(read_id, series_uid, submission(series_uid, mask, **kwargs))
        assert response.status_code == 201, response.content
        return json.loads(response.content)

    def answer(self, read_id: str, *, nothing_found: bool, values: Any = None, base: int = 0) -> Any:
        """Save answers."""
        body = {
            "client_id": str(uuid.uuid4()),
            "base_revision": base,
            "values": values or {},
            "nothing_found": nothing_found,
        }
        return self.post(f"/api/v1/reads/{read_id}/answers", body)

    def sign(self, read_id: str, rationale: str = "") -> Any:
        """Submit; the response."""
        body = {"signature_meaning": "I have read this case.", "rationale": rationale}
        return self.post(f"/api/v1/reads/{read_id}/submit", body)


class Panel:
    """A project with two readers, an adjudicator, a reviewer and a manager, and one study."""

    def __init__(self, world: TenantWorld) -> None:
        self.world = world
        people = {name: world.member() for name in ("anna", "ben", "carl", "rita")}
        self.project = world.project(
            "lung", reader1=people["anna"], reader2=people["ben"], adjudicator=people["carl"], reviewer=people["rita"]
        )
        self.study_uid, self.series = study_admit(world, self.project)
        self.anna, self.ben, self.carl, self.rita = (Page(world, actor) for actor in people.values())
        self.manager = Page(world, world.owner)

    def read(self, page: Page, mask: Any) -> str:
        """Claim, draw (or find nothing), sign."""
        read_id = page.claim()
        if mask is None:
            assert page.answer(read_id, nothing_found=True).status_code == 201
        else:
            page.draw(read_id, self.series, mask)
        response = page.sign(read_id)
        assert response.status_code == 200, response.content
        return read_id

    def run_jobs(self) -> None:
        with tenant_scope(self.world.id):
            drain()

    def case(self) -> Any:
        """The case as the manager sees it."""
        listed = json.loads(self.manager.get("/api/v1/projects/lung/cases").content)["results"]
        assert len(listed) == 1
        return json.loads(self.manager.get(f"/api/v1/cases/{listed[0]['id']}").content)
