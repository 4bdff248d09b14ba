"""Send a folder of files into a project's quarantine: resumable, in parallel, nothing sent twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fiducial_client.client import Client
from fiducial_client.errors import ClientError

_ASK_ABOUT = 1000


@dataclass(frozen=True)
class UploadResult:
    """The delivery, and how much of it was sent now."""

    delivery: dict[str, Any]
    sent: int
    already_there: int


def upload(
    client: Client,
    project: str,
    source: Path,
    *,
    delivery_id: str = "",
    jobs: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> UploadResult:
    """Send every file under `source`; `delivery_id` continues a delivery that was cut off. Raises `ClientError`."""
    files = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
    if not files or not files[0].exists():
        raise ClientError("no-files", f"There are no files at {source}.")
    names = {p: p.relative_to(source).as_posix() if source.is_dir() else p.name for p in files}
    delivery = _delivery(client, project, source, len(files), delivery_id)
    missing = _missing(client, delivery["id"], files, names) if delivery_id else set(names.values())
    waiting = [p for p in files if names[p] in missing]
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for done, _ in enumerate(pool.map(lambda p: _send(client, delivery["id"], p, names[p]), waiting), start=1):
            if progress:
                progress(done, len(waiting))
    finished = client.post(f"/api/v1/deliveries/{delivery['id']}/complete")
    return UploadResult(finished, len(waiting), len(files) - len(waiting))


def _delivery(client: Client, project: str, source: Path, count: int, delivery_id: str) -> dict[str, Any]:
    if delivery_id:
        found: dict[str, Any] = client.get(f"/api/v1/deliveries/{delivery_id}")
        return found
    body = {"name": source.name or "upload", "source": "api", "files_expected": count}
    made: dict[str, Any] = client.post(
        f"/api/v1/projects/{project}/deliveries", body, idempotency_key=str(uuid.uuid4())
    )
    return made


def _missing(client: Client, delivery_id: str, files: list[Path], names: dict[Path, str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(files), _ASK_ABOUT):
        part = [{"name": names[p], "size": p.stat().st_size} for p in files[start : start + _ASK_ABOUT]]
        found |= set(client.post(f"/api/v1/deliveries/{delivery_id}/missing", {"files": part})["missing"])
    return found


def _send(client: Client, delivery_id: str, path: Path, name: str) -> None:
    address = f"/api/v1/deliveries/{delivery_id}/content?name={quote(name, safe='')}"
    headers = {"Content-Type": "application/octet-stream"}
    client.request("PUT", address, content=path.read_bytes(), headers=headers)
