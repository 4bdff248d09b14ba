"""An admitted series, and DICOMweb clients that reach it without a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests  # noqa: TID251  # dicomweb-client speaks through it; no socket is opened here
from dicomweb_client import DICOMwebClient
from requests.adapters import BaseAdapter  # noqa: TID251  # as above

from kernel.keys.cache import secrets_in_memory
from tests.intake.files import ct_series
from tests.studies.admitting import admit
from tests.world import TenantClient, TenantWorld


@pytest.fixture(autouse=True)
def throw_away_storage(settings: Any, tmp_path: Path) -> Iterator[None]:
    """A store of each test's own."""
    settings.STORAGE_URL = (tmp_path / "blobs").as_uri()
    secrets_in_memory.clear()
    yield
    secrets_in_memory.clear()


@pytest.fixture
def project(north: TenantWorld) -> Any:
    """An open project; the tenant's owner manages it."""
    return north.project("lung")


@pytest.fixture
def manager(north: TenantWorld, project: Any) -> TenantClient:
    """The browser of its manager."""
    return north.client(north.owner)


@pytest.fixture
def admitted(north: TenantWorld, project: Any) -> SimpleNamespace:
    """A CT series of five slices: `files` as they came, `instances` as they are kept."""
    files = ct_series(5)
    return admit(north, project, files)


class DjangoAdapter(BaseAdapter):
    """Carries a request of the requests library into Django's test client."""

    def __init__(self, client: TenantClient) -> None:
        super().__init__()
        self._client = client

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        parts = urlsplit(request.url)
        headers = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in request.headers.items()}
        content_type = headers.pop("HTTP_CONTENT_TYPE", "")
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = self._client.generic(request.method, path, request.body or b"", content_type=content_type, **headers)
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers.update(answer.headers)
        response._content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        response.url, response.request = request.url, request
        return response

    def close(self) -> None:
        return None


@pytest.fixture
def dicomweb(manager: TenantClient) -> DICOMwebClient:
    """dicomweb-client, signed in as the manager."""
    return dicomweb_of(manager)


def dicomweb_of(client: TenantClient, slug: str = "lung") -> DICOMwebClient:
    """dicomweb-client on a project, signed in as somebody."""
    session = requests.Session()
    session.mount("http://", DjangoAdapter(client))
    return DICOMwebClient(f"http://testserver/t/{client.slug}/dicomweb/v1/projects/{slug}", session=session)
