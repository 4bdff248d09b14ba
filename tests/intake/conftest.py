"""A project that receives, and the means to let it work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from apps.intake.services import deidentifying
from imaging.burnedin.series import CheckedInstance
from kernel.jobs import services as job_services
from kernel.jobs.runner import drain
from kernel.keys.cache import secrets_in_memory
from kernel.tenancy.scope import tenant_scope
from tests.world import TenantClient, TenantWorld


@pytest.fixture(autouse=True)
def throw_away_storage(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store of each test's own, and no waiting."""
    # A heartbeat has a connection of its own and cannot see the job of a test's open transaction.
    monkeypatch.setattr(job_services, "HEARTBEAT_S", 3600)
    settings.STORAGE_URL = (tmp_path / "blobs").as_uri()
    settings.INTAKE_QUIET_S = 0
    secrets_in_memory.clear()
    yield
    secrets_in_memory.clear()


@pytest.fixture
def clear_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading text in pixels takes seconds; it has tests of its own."""
    monkeypatch.setattr(
        deidentifying, "check_pixels", lambda contents, known, **_: [CheckedInstance(c, True, "") for c in contents]
    )


@pytest.fixture
def project(north: TenantWorld) -> Any:
    """An open project; the tenant's owner manages it."""
    return north.project("lung")


@pytest.fixture
def manager(north: TenantWorld, project: Any) -> TenantClient:
    """The browser of its manager."""
    return north.client(north.owner)


@pytest.fixture
def work(north: TenantWorld) -> Callable[[], int]:
    """Run what is queued."""

    def run() -> int:
        with tenant_scope(north.id):
            return drain()

    return run


@pytest.fixture
def send(manager: TenantClient, work: Callable[[], int]) -> Callable[..., dict[str, Any]]:
    """Send named files as a browser does, and let the platform work on them."""

    def deliver(files: dict[str, bytes], *, slug: str = "lung") -> dict[str, Any]:
        body = {"name": "from the scanner", "source": "browser", "files_expected": len(files)}
        delivery = manager.json("POST", f"/api/v1/projects/{slug}/deliveries", body).json()
        for name, content in files.items():
            put(manager, delivery["id"], name, content)
        manager.json("POST", f"/api/v1/deliveries/{delivery['id']}/complete")
        work()
        found: dict[str, Any] = manager.get(f"/api/v1/deliveries/{delivery['id']}").json()
        return found

    return deliver


def put(client: TenantClient, delivery_id: str, name: str, content: bytes) -> Any:
    """PUT one file's bytes."""
    path = f"/api/v1/deliveries/{delivery_id}/content?name={quote(name)}"
    return client.generic("PUT", path, content, content_type="application/octet-stream")
