"""Real series, their grids, and fixed identifiers for what the tests write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from imaging.geometry import VolumeGeometry


@pytest.fixture(scope="session")
def golden() -> Path:
    return Path(__file__).resolve().parents[2] / "golden" / "imaging_convert"


@pytest.fixture(scope="session")
def read_headers() -> Callable[[Path], list[Dataset]]:
    def read(folder: Path) -> list[Dataset]:
        datasets = [dcmread(path, stop_before_pixels=True) for path in sorted(folder.glob("*.dcm"))]
        normal = np.cross(*np.reshape(datasets[0].ImageOrientationPatient, (2, 3)).astype(float))
        return sorted(datasets, key=lambda ds: float(np.array(ds.ImagePositionPatient, float) @ normal))

    return read


@pytest.fixture(scope="session")
def grid_of() -> Callable[[list[Dataset]], VolumeGeometry]:
    def grid(datasets: list[Dataset]) -> VolumeGeometry:
        """Worked out here from the headers, so that tests do not lean on the code under test."""
        first, last = datasets[0], datasets[-1]
        cosines = np.reshape(np.array(first.ImageOrientationPatient, float), (2, 3))
        start, stop = np.array(first.ImagePositionPatient, float), np.array(last.ImagePositionPatient, float)
        affine = np.eye(4)
        affine[:3, 0] = (stop - start) / (len(datasets) - 1)
        affine[:3, 1] = cosines[1] * float(first.PixelSpacing[0])
        affine[:3, 2] = cosines[0] * float(first.PixelSpacing[1])
        affine[:3, 3] = start
        return VolumeGeometry.from_affine_lps(affine, (len(datasets), first.Rows, first.Columns))

    return grid


@pytest.fixture
def identity() -> dict[str, Any]:
    return {
        "series_instance_uid": "1.2.826.0.1.3680043.8.498.1",
        "sop_instance_uid": "1.2.826.0.1.3680043.8.498.2",
        "content_datetime": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    }
