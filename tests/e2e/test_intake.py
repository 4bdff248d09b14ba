"""Files brought in through the page, good and bad, and the work they cause, seen live and stopped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.demo import DEMO_CT
from tests.e2e.stack import Journey, Organisation, Stack

pytestmark = [pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def imaging_centre(stack: Stack) -> Organisation:
    """An organisation to which nothing was delivered yet."""
    return stack.organisation("centre", "Imaging Centre")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three slices, one of them twice, a file that only looks like DICOM, and one that is something else."""
    made = tmp_path / "from the scanner"
    made.mkdir()
    for number in ("001", "002", "003"):
        shutil.copy(DEMO_CT / "dicom" / f"{number}.dcm", made)
    shutil.copy(DEMO_CT / "dicom" / "001.dcm", made / "again.dcm")
    (made / "broken.dcm").write_bytes(bytes(128) + b"DICM" + bytes(range(256)) * 4)
    (made / "notes.txt").write_text("not an image\n")
    return made


def test_a_folder_is_sent_and_every_file_not_taken_has_a_line_with_a_reason(
    journey: Journey, imaging_centre: Organisation, folder: Path
) -> None:
    """Progress while it goes; admitted, duplicate and refused at the end; what to do about the broken one."""
    said = journey("intake.mjs", "folder", organisation=imaging_centre, folder=str(folder))
    assert said["problems"] == []
    assert said["empty"].startswith("Nothing was brought in yet")
    assert said["progress"], "how many files and bytes are there is said while it goes"
    assert sorted(state for state, _ in said["files"]) == ["Admitted"] * 3 + ["Duplicate"] + ["Refused"] * 2
    assert all(reason for state, reason in said["files"] if state == "Refused")
    assert len(said["remedy"].splitlines()) >= 2, "what is wrong, and what to do"
    assert said["axe"] == []


def test_an_image_that_is_cut_short_waits_for_a_person(
    journey: Journey, imaging_centre: Organisation, tmp_path: Path
) -> None:
    """Its series is held with the reason; nobody can turn it away without saying why."""
    short = tmp_path / "short.dcm"
    short.write_bytes((DEMO_CT / "dicom" / "007.dcm").read_bytes()[:3000])
    files = [str(DEMO_CT / "dicom" / f"{number}.dcm") for number in ("005", "006")] + [str(short)]
    said = journey("intake.mjs", "held", organisation=imaging_centre, files=files)
    assert said["problems"] == []
    assert said["reason"].startswith("The quality check found")
    assert said["unexplained"] is True
    assert said["axe"] == []


def test_work_appears_by_itself_is_stopped_and_run_again(journey: Journey, imaging_centre: Organisation) -> None:
    """The jobs page hears of a job it did not start; cancelling it there is final until it is run again."""
    files = [str(path) for path in sorted((DEMO_CT / "dicom").glob("*.dcm"))[10:70]]
    said = journey("intake.mjs", "jobs", organisation=imaging_centre, files=files)
    assert said["problems"] == []
    assert {"Queued", "Running"} & set(said["live"])
    assert "Cancelled" in said["cancelled"]
    assert "Done" in said["done"]
    assert said["axe"] == []
