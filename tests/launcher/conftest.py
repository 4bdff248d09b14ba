"""Servers of these tests' own: they are killed, which the servers of the whole run must not be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.launcher.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def cluster_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for all tests that only need some server: making one takes most of a second."""
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture
def postgres(cluster_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server that is stopped afterwards whatever the test did to it."""
    server = EmbeddedPostgres(cluster_dir)
    server.start()
    yield server
    server.stop()
