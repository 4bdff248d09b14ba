"""The mask pairs that independent tools measured."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "imaging_stats" / "seg"
EXPECTED: dict[str, dict[str, Any]] = json.loads((GOLDEN / "seg_expected.json").read_text("utf-8"))


@dataclass(frozen=True)
class Pair:
    name: str
    reference: NDArray[np.bool_]
    prediction: NDArray[np.bool_]
    spacing_mm: tuple[float, ...]
    expected: dict[str, Any]


@pytest.fixture(params=sorted(EXPECTED))
def pair(request: pytest.FixtureRequest) -> Pair:
    content = np.load(GOLDEN / f"{request.param}.npz")
    spacing = tuple(float(step) for step in content["spacing"])
    return Pair(
        request.param, content["ref"].astype(bool), content["pred"].astype(bool), spacing, EXPECTED[request.param]
    )
