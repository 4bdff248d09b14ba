"""Orthanc as a peer for speed, where it is installed: the same files, the same machine, the same minute."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from kernel.launcher.programs import free_port

_PLUGINS = Path("/usr/share/orthanc/plugins")


def is_installed() -> bool:
    """Whether Orthanc and its DICOMweb plugin are on this machine."""
    return shutil.which("Orthanc") is not None and any(_PLUGINS.glob("libOrthancDicomWeb*"))


@contextlib.contextmanager
def orthanc() -> Iterator[str]:
    """A throw-away Orthanc; gives its DICOMweb root."""
    with tempfile.TemporaryDirectory(prefix="orthanc-") as folder:
        port = free_port()
        settings = {
            "StorageDirectory": folder,
            "IndexDirectory": folder,
            "HttpPort": port,
            "DicomServerEnabled": False,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "Plugins": [str(p) for p in _PLUGINS.glob("libOrthancDicomWeb*")],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        path = Path(folder) / "orthanc.json"
        path.write_text(json.dumps(settings))
        command = [shutil.which("Orthanc") or "Orthanc", str(path)]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            root = f"http://127.0.0.1:{port}/dicom-web"
            _wait(root)
            yield root
        finally:
            child.terminate()
            child.wait(timeout=20)


def _wait(root: str) -> None:
    for _ in range(100):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{root}/studies", timeout=2).status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError("Orthanc did not start within 10 s")
