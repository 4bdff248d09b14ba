"""Orthanc as a peer: it sends to us over STOW-RS and fetches from us over QIDO-RS and WADO-RS."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

import pytest
from django.utils import timezone

from apps.intake.models import IncomingFile
from apps.tenants.services.tokens import token_create
from kernel.tenancy.scope import tenant_scope
from tests.benchmarks.peer_orthanc import Orthanc, is_installed
from tests.intake.files import ct_series
from tests.studies.admitting import admit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not is_installed(), reason="Orthanc with its DICOMweb plug-in is not installed"),
]


@pytest.fixture
def peer(north, project, live_server, tmp_path):
    """An Orthanc that knows our project as a DICOMweb server, by an API token."""
    with tenant_scope(north.id):
        _, text = token_create(
            actor=north.owner,
            name="orthanc",
            scopes=["dicomweb:read", "dicomweb:store"],
            expires_at=timezone.now() + dt.timedelta(hours=1),
        )
    url = f"{live_server.url}/dicomweb/v1/projects/lung/"
    servers: dict[str, Any] = {
        "fiducial": {"Url": url, "HttpHeaders": {"Authorization": f"Bearer {text}"}, "ChunkedTransfers": "0"}
    }
    with Orthanc(tmp_path / "orthanc", servers) as orthanc:
        yield orthanc


def test_orthanc_stores_with_us(north, peer):
    files = ct_series(3)
    ids = [peer.post("/instances", content)["ID"] for content in files]
    peer.post("/dicom-web/servers/fiducial/stow", {"Resources": ids, "Synchronous": True})
    with tenant_scope(north.id):
        received = set(IncomingFile.objects.values_list("sha256", flat=True))
    # Orthanc may write the files anew; what it keeps itself is what it sends.
    kept = {hashlib.sha256(peer.get(f"/instances/{one}/file")).hexdigest() for one in ids}
    assert received == kept == {hashlib.sha256(content).hexdigest() for content in files}


def test_orthanc_fetches_bit_identical_files_from_us(north, project, peer):
    admitted = admit(north, project, ct_series(4))
    uid = admitted.study.study_instance_uid
    found = peer.post("/dicom-web/servers/fiducial/qido", {"Uri": "/studies", "Arguments": {"StudyInstanceUID": uid}})
    assert len(found) == 1
    peer.post("/dicom-web/servers/fiducial/retrieve", {"Resources": [{"Study": uid}], "Synchronous": True})
    held = [peer.get(f"/instances/{one}/file") for one in json.loads(peer.get("/instances"))]
    assert sorted(held) == sorted(admitted.files)
