"""Where the files of an export lie, and the files that describe the others. Paths use the project's names only."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


def safe(text: str) -> str:
    """A file name part: letters, digits, dot, dash, underscore."""
    return _SAFE.sub("-", text).strip("-.") or "unnamed"


def case_folder(split: str, case: str, subject: str) -> str:
    """`train/case-0001_FID…`: split, case, pseudonym."""
    return f"{split}/{safe(case).lower()}_{safe(subject)}"


def image_path(folder: str, index: int, modality: str, suffix: str) -> str:
    """The image of the case's n-th series."""
    return f"{folder}/image_{index:02d}_{safe(modality).lower()}{suffix}"


def labels_path(folder: str, index: int, suffix: str) -> str:
    """The labels on the case's n-th series."""
    return f"{folder}/labels_{index:02d}{suffix}"


def options_digest(options: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical options."""
    return hashlib.sha256(b"fiducial-export-options/1\n" + canonical(options)).hexdigest()


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, two-space indent and a final newline: readable and the same everywhere."""
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def index_of(files: Sequence[tuple[str, str, int]]) -> bytes:
    """`SHA256SUMS`, as `sha256sum -c` reads it, sorted by path."""
    return "".join(f"{digest}  {path}\n" for path, digest, _ in sorted(files)).encode()


def content_digest(files: Sequence[tuple[str, str, int]]) -> str:
    """One digest for a whole export: over its sorted paths, digests and sizes."""
    lines = "".join(f"{path}\0{digest}\0{size}\n" for path, digest, size in sorted(files))
    return hashlib.sha256(b"fiducial-export-content/1\n" + lines.encode()).hexdigest()
