"""Pull a release: resumable, every file verified against its SHA-256, the release's signature checked."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fiducial_client.client import Client, problem_of
from fiducial_client.errors import ClientError

Progress = Callable[[int, int, int, int], None]
"""Called with files done, files in all, bytes done, bytes in all."""

_TRIES = 5


@dataclass(frozen=True)
class PullResult:
    """What lies in the folder now."""

    folder: Path
    files: int
    bytes: int
    already_there: int
    version_digest: str


def pull(client: Client, name: str, out: Path, *, jobs: int = 4, progress: Progress | None = None) -> PullResult:
    """Pull `<dataset>@<release>` into `out`; files already there and whole are kept, partial ones are continued.

    Raises `ClientError`: for a name not granted, a signature that is not over the release, a file that does not verify.
    """
    dataset, _, release = name.partition("@")
    if not dataset or not release:
        raise ClientError(
            "bad-name", f"{name!r} is not <dataset>@<release>.", "For example: fiducial pull nodules@2026.1"
        )
    page = client.get(f"/api/v1/releases/{dataset}/{release}")
    verify_signature(page)
    artifacts = list(client.rows(f"/api/v1/releases/{dataset}/{release}/artifacts"))
    by_format = len({a["format"] for a in artifacts}) > 1
    targets = [(a, _target(out, f"{a['format']}/{a['path']}" if by_format else a["path"])) for a in artifacts]
    out.mkdir(parents=True, exist_ok=True)
    (out / "release.json").write_text(json.dumps(page, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    tally = _Tally(len(artifacts), sum(a["size"] for a in artifacts), progress)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for fetched in pool.map(lambda pair: _fetch(client, *pair), targets):
            tally.add(*fetched)
    _check_manifest(out, page["version_digest"], by_format)
    return PullResult(out, tally.files, tally.bytes, tally.kept, page["version_digest"])


def verify_signature(page: dict[str, Any]) -> None:
    """Whether the release's signature is over its name, version and terms. Raises `ClientError`."""
    plain = {
        "dataset": page["dataset"],
        "release": page["name"],
        "terms": page["terms"],
        "version": page["version_digest"],
    }
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(page["public_key"]))
        key.verify(base64.b64decode(page["signature"]), b"fiducial-release/1\n" + text.encode())
    except (InvalidSignature, ValueError):
        raise ClientError(
            "bad-signature", "The release's signature does not match what it says.", "Do not use it; tell its sender."
        ) from None


def verify_folder(folder: Path) -> list[str]:
    """Check every file of a pulled folder against its SHA256SUMS, offline; returns the problems found."""
    problems = []
    for sums in sorted(folder.rglob("SHA256SUMS")):
        for line in sums.read_text().splitlines():
            digest, _, path = line.partition("  ")
            file = _target(sums.parent, path)
            if not file.exists():
                problems.append(f"{path}: missing")
            elif _sha256(file) != digest:
                problems.append(f"{path}: changed")
    return problems


class _Tally:
    def __init__(self, total_files: int, total_bytes: int, progress: Progress | None) -> None:
        self.files = self.bytes = self.kept = 0
        self._totals = (total_files, total_bytes)
        self._progress = progress

    def add(self, size: int, kept: bool) -> None:
        self.files += 1
        self.bytes += size
        self.kept += kept
        if self._progress:
            self._progress(self.files, self._totals[0], self.bytes, self._totals[1])


def _fetch(client: Client, artifact: dict[str, Any], target: Path) -> tuple[int, bool]:
    if target.exists() and target.stat().st_size == artifact["size"] and _sha256(target) == artifact["sha256"]:
        return artifact["size"], True
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    for attempt in range(_TRIES):
        try:
            _continue(client, artifact, partial)
            break
        except httpx.TransportError as error:
            if attempt == _TRIES - 1:
                raise ClientError(
                    "unreachable", f"{artifact['path']}: {type(error).__name__}.", "Run it again."
                ) from None
            time.sleep(min(30, 2**attempt))
    if _sha256(partial) != artifact["sha256"]:
        partial.unlink()
        raise ClientError("digest-differs", f"{artifact['path']} arrived changed.", "Run it again.")
    os.replace(partial, target)
    return artifact["size"], False


def _continue(client: Client, artifact: dict[str, Any], partial: Path) -> None:
    offset = partial.stat().st_size if partial.exists() else 0
    if offset > artifact["size"]:
        partial.unlink()
        offset = 0
    if offset == artifact["size"] and offset:
        return
    with client.stream(f"/api/v1/artifacts/{artifact['id']}/content", offset=offset) as response:
        if response.status_code >= 400:
            response.read()
            raise problem_of(response)
        with partial.open("ab" if response.status_code == 206 else "wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)


def _target(out: Path, path: str) -> Path:
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or ".." in parts:
        raise ClientError("unsafe-path", "The release names a file outside its folder.", "Do not use it.")
    return out.joinpath(*parts)


def _check_manifest(out: Path, digest: str, by_format: bool) -> None:
    manifests = list(out.glob("*/manifest.json")) if by_format else [out / "manifest.json"]
    for manifest in manifests:
        if not manifest.exists() or _sha256(manifest) != digest:
            raise ClientError(
                "manifest-differs", "The manifest is not the one the release was signed over.", "Do not use it."
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
