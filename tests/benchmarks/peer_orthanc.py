"""Orthanc as a peer: a server of its own on loopback, with its DICOMweb plug-in."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_START_S = 30


def is_installed() -> bool:
    """Whether Orthanc and its DICOMweb plug-in are on this machine."""
    return shutil.which("Orthanc") is not None and _PLUGIN.exists()


class Orthanc:
    """A running Orthanc that forgets everything when it ends. `servers` are DICOMweb servers it may call."""

    def __init__(self, folder: Path, servers: dict[str, dict[str, Any]] | None = None) -> None:
        self._folder = folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._servers = servers or {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Orthanc:
        self._folder.mkdir(parents=True, exist_ok=True)
        configuration = {
            "Name": "peer",
            "StorageDirectory": str(self._folder / "storage"),
            "IndexDirectory": str(self._folder / "index"),
            "HttpPort": self.port,
            "DicomServerEnabled": False,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "Plugins": [str(_PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "Servers": self._servers},
        }
        path = self._folder / "orthanc.json"
        path.write_text(json.dumps(configuration))
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(["Orthanc", str(path)], stdout=log, stderr=log)
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            try:
                self.get("/system")
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__(None, None, None)
        raise RuntimeError("Orthanc did not come up")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=20)

    def get(self, path: str) -> bytes:
        """The body at a path of its own REST interface."""
        with urllib.request.urlopen(self.url + path, timeout=120) as answer:
            body: bytes = answer.read()
            return body

    def post(self, path: str, body: bytes | dict[str, Any]) -> Any:
        """POST bytes, or an object as JSON; the answer as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refusal:
            raise RuntimeError(f"{refusal.code}: {refusal.read()[:500]!r}") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
