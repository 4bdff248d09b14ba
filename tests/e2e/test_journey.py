"""From two blinded reads to a pulled release, in two organisations at once, through the pages and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.nifti import read_nifti
from kernel.launcher.programs import program_environment
from tests.e2e.stack import AROUND_THE_NODULE, Journey, Organisation, Stack

pytestmark = [pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def worlds(stack: Stack) -> tuple[Organisation, Organisation]:
    """Two organisations that hold the same real CT."""
    with ThreadPoolExecutor() as pool:
        made = pool.map(
            lambda slug: stack.organisation(slug, slug.title(), slices=AROUND_THE_NODULE), ("north", "south")
        )
        north, south = made
    return north, south


def test_two_worlds_read_disagree_settle_release_and_pull_and_never_meet(
    journey: Journey, stack: Stack, worlds: tuple[Organisation, Organisation], tmp_path: Path
) -> None:
    """One whole life of a case, in both organisations at the same time."""
    a, b = worlds
    said = journey("journey.mjs", "worlds", a=a, b=b)
    assert said["problems"] == []
    for organisation, life in ((a, said["a"]), (b, said["b"])):
        _check_reads(life)
        assert "Dice" in life["adjudication"]["line"], life["adjudication"]
        assert life["adjudication"]["items"] > 0
        assert life["adjudication"]["redrawn"] > life["adjudication"]["adopted"]
        assert life["standard"] == "Reference standard by Adjudication"
        assert life["command"] == "fiducial pull lung-nodules@2026.1"
        assert life["upstream"] == 404
        pulled = _pull(stack, life["token"], tmp_path / organisation.slug)
        assert pulled["files"] > 0
        labels = sorted((tmp_path / organisation.slug).rglob("labels_01.nii.gz"))
        assert len(labels) == 1
        assert int(np.count_nonzero(read_nifti(labels[0])[0])) == life["adjudication"]["redrawn"]
    assert set(said["api"].values()) == {404}
    assert len(said["stranger"]) == 4
    for text in said["stranger"].values():
        assert text.startswith("This is not here, or not yours to see.")


def _check_reads(life: dict[str, Any]) -> None:
    for who in ("reader1", "reader2"):
        read = life[who]
        assert read["slices"] == 40
        assert read["drawn"] > 0
        assert read["reloaded"] == read["drawn"], "a reload loses nothing"
        assert read["revision"] >= 1
        print(
            f"{who}: {read['slices']} slices, first image {read['first_image_ms']} ms, "
            f"last slice {read['last_image_ms']} ms, {read['drawn']} voxels"
        )
    assert life["bodies"] > 20
    assert life["leaks"] == [], "no answer to a reader names the other reader or their read"
    assert life["others_read"] == 404


def _pull(stack: Stack, token: str, folder: Path) -> Any:
    command = [sys.executable, "-m", "fiducial_client", "pull", "lung-nodules@2026.1", "--out", str(folder), "--json"]
    environment = program_environment({"FIDUCIAL_SERVER": stack.address, "FIDUCIAL_TOKEN": token}, os.environ)
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)
