"""Our required-attribute check against dciodvfy, on up to three files of each shared folder and all corner cases."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.imaging.quality.dciodvfy_agreement import compare


def test_agreement_with_dciodvfy(shared_dir: Path) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    taken: Counter[Path] = Counter()
    chosen = []
    for path in sorted(p for p in (shared_dir / "data").rglob("*") if p.is_file()):
        taken[path.parent] += 1
        if taken[path.parent] <= 3 or path.parts[-3].startswith("12_") or "13_" in str(path.parent):
            chosen.append(path)
    agreement = compare(chosen)
    assert agreement.files >= 130
    assert agreement.both >= 180
    assert agreement.found_share >= 0.95
    assert agreement.overlap >= 0.85
