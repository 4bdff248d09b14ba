"""STOW-RS into the platform beside STOW-RS into Orthanc, and frames out of both: same files, same minute, one connection.

    python -m kernel.launcher run -- python tests/benchmarks/intake_stow.py [--files 100] [--batch 10]

Ours: each file hashed, sealed (AES-256-GCM), stored and written to the audit trail before the answer.
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pydicom
from peer_orthanc import Orthanc, is_installed  # type: ignore[import-not-found]  # beside this script
from pydicom.uid import UID

ROOT = Path(__file__).resolve().parents[2]
BOUNDARY = "b3nchmark"


def files(count: int) -> list[bytes]:
    """Copies of the demo CT under fresh UIDs: every run sends what nobody has seen."""
    sources = sorted((ROOT / "demo" / "ct_lidc0314" / "dicom").glob("*"))
    study, series, made = f"2.25.{uuid.uuid4().int}", f"2.25.{uuid.uuid4().int}", []
    for number in range(count):
        dataset = pydicom.dcmread(sources[number % len(sources)])
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = UID(study), UID(series)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{series}.{number + 1}")
        dataset.PatientID = study[-16:]
        out = io.BytesIO()
        dataset.save_as(out, enforce_file_format=True)
        made.append(out.getvalue())
    return made


def store(url: str, contents: Sequence[bytes], batch: int, headers: dict[str, str]) -> float:
    """Seconds to store them over one connection, `batch` instances a request."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
    started = time.perf_counter()
    for first in range(0, len(contents), batch):
        body = b"".join(
            f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + content + b"\r\n"
            for content in contents[first : first + batch]
        )
        kind = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
        connection.request(
            "POST", f"{parts.path}/studies", body + f"--{BOUNDARY}--\r\n".encode(), {"Content-Type": kind, **headers}
        )
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {text[:300]!r}")
    return time.perf_counter() - started


@contextmanager
def platform() -> Iterator[tuple[str, dict[str, str]]]:
    """Our web process on a project of its own: address and headers."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    environment["PYTHONPATH"] = f"{ROOT / 'platform'}:{ROOT}"
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--database", "owner", "--noinput", "-v", "0"],
        env=environment, check=True,
    )  # fmt: skip
    token, port = _project(), 18099
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "2", "--blocking-threads", "8", "--no-ws", "config.wsgi:application"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}/dicomweb/v1/projects/bench", {"Authorization": f"Bearer {token}"}
        finally:
            process.terminate()
            process.wait(timeout=30)


def _project() -> str:
    """A tenant with a project, and a token that may store in it."""
    sys.path[:0] = [str(ROOT / "platform"), str(ROOT)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    import django

    django.setup()
    from apps.projects.services.projects import project_create
    from apps.tenants.services.membership import member_add, tenant_create
    from apps.tenants.services.tokens import token_create
    from kernel.actors import Actor, system_actor
    from kernel.tenancy.scope import tenant_scope

    slug = f"bench-{uuid.uuid4().hex[:8]}"
    tenant = tenant_create(slug=slug, name="Bench")
    with tenant_scope(tenant.pk):
        added = member_add(
            actor=system_actor(tenant.pk), email=f"{slug}@bench.test", name="Bench", role="owner",
            password=uuid.uuid4().hex,
        )  # fmt: skip
        owner = Actor("person", tenant.pk, user=added.user, role="owner", source="benchmark")
        project_create(actor=owner, slug="bench", name="Bench")
        expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        _, text = token_create(actor=owner, name="bench", scopes=["dicomweb:store"], expires_at=expires_at)
    return text


def _wait(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz/live")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the web process did not come up")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if not is_installed():
        print("Orthanc is not installed: nothing to compare with")
        return
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder, platform() as (url, headers), Orthanc(Path(folder)) as orthanc:
        store(url, files(4), 4, headers)  # the first request opens connections and keys
        for _ in range(options.runs):
            contents = files(options.files)
            theirs.append(len(contents) / store(f"{orthanc.url}/dicom-web", contents, options.batch, {}))
            ours.append(len(contents) / store(url, contents, options.batch, headers))
    mine, peer = statistics.median(ours), statistics.median(theirs)
    print(
        f"STOW-RS, {options.files} CT files, {options.batch} a request, one connection, median of {options.runs}: "
        f"fiducial {mine:.0f} files/s, Orthanc {peer:.0f} files/s, ratio {mine / peer:.2f}"
    )


if __name__ == "__main__":
    main()
