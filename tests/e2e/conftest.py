"""One throw-away platform for all browser tests of a run, and Chromium driven by node scripts beside the tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import FRONTEND, HERE, Journey, Organisation, Stack, running

_JOURNEY_S = 400


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("no Chromium on this machine: install chromium or set CHROMIUM")
    if not (FRONTEND / "node_modules" / "playwright-core").is_dir() or not (FRONTEND / "dist" / "index.html").is_file():
        pytest.skip("the frontend is not built: make setup")
    return path


@pytest.fixture(scope="session")
def stack(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`up --no-demo` on ports and data of its own; stopped with everything it started.

    FIDUCIAL_E2E_STACK=ADDRESS,DATA_DIR uses one that runs already and leaves it running.
    """
    if kept := os.environ.get("FIDUCIAL_E2E_STACK"):
        address, _, folder = kept.partition(",")
        yield Stack(address, Path(folder))
        return
    with running(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: FIDUCIAL_SCREENSHOTS, or a folder that pytest clears later."""
    named = os.environ.get("FIDUCIAL_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def journey(chromium: str, stack: Stack, shots: Path) -> Journey:
    """`journey("file.mjs", "name", **facts)` drives one journey and gives what it read from the pages."""

    def run(script: str, name: str, **facts: Any) -> Any:
        own = {"address": stack.address, "shots": str(shots), "chromium": chromium, "frontend": str(FRONTEND)}
        given = {
            key: {"slug": value.slug, "password": value.password} if isinstance(value, Organisation) else value
            for key, value in facts.items()
        }
        done = subprocess.run(
            ["node", str(HERE / script), name, json.dumps(own | given)],
            capture_output=True,
            text=True,
            timeout=_JOURNEY_S,
        )
        if done.returncode != 0:
            raise AssertionError(f"{name}: {done.stderr[-3000:]}\n{done.stdout[-1000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    return run
