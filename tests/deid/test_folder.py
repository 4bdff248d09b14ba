"""The command line: a folder in, a folder out; resumed, in processes, the same bytes; refusals listed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pydicom
import pytest

from imaging.cli import main
from imaging.deid import DeidResult, deidentify
from tests.deid.canaries import base_dataset, to_bytes


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """Two subjects, six instances, a text file and an encapsulated document."""
    folder = tmp_path / "in"
    folder.mkdir()
    for subject in range(2):
        for number in range(3):
            dataset = base_dataset()
            dataset.PatientID = f"QF-{subject}0881"
            dataset.SeriesInstanceUID = f"1.2.826.77.{subject}.1"
            dataset.StudyInstanceUID = f"1.2.826.77.{subject}"
            dataset.SOPInstanceUID = pydicom.uid.UID(f"1.2.826.77.{subject}.1.{number}")
            (folder / f"Quillfeather_{subject}_{number}.dcm").write_bytes(to_bytes(dataset))
    document = base_dataset(pixels=False)
    document.SOPClassUID = pydicom.uid.UID("1.2.840.10008.5.1.4.1.1.104.1")
    document.SeriesInstanceUID = "1.2.826.99"
    (folder / "report.dcm").write_bytes(to_bytes(document))
    (folder / "readme.txt").write_text("hello")
    (tmp_path / "key").write_bytes(bytes(range(32)))
    return folder


def _run(delivery: Path, out: Path, *more: str) -> int:
    key = str(delivery.parent / "key")
    arguments = ["deid", str(delivery), str(out), "--policy", "research-tcia", "--key", key, "--no-pixel-check"]
    return main([*arguments, *more])


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.dcm"))
    }


def test_a_folder_is_written_under_new_names_and_refusals_are_listed(delivery: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "out", tmp_path / "report"
    assert _run(delivery, out, "--report", str(report)) == 1
    written = _digests(out)
    assert len(written) == 6
    assert len({name.split("/")[0] for name in written}) == 2
    assert "quillfeather" not in " ".join(written).lower()
    withheld = [json.loads(line) for line in (report / "withheld.jsonl").read_text().splitlines()]
    assert sorted(row["code"] for row in withheld) == ["encapsulated-document", "unreadable-file"]
    assert all(row["remedy"] for row in withheld)
    manifest = [json.loads(line) for line in (report / "manifest.jsonl").read_text().splitlines()]
    assert {row["output"]: row["sha256"] for row in manifest} == written
    everything = "".join(path.read_text().lower() for path in report.glob("manifest.jsonl"))
    assert "quillfeather" not in everything and "qf-00881" not in everything
    summary = json.loads((report / "summary.json").read_text())
    assert summary["files"] == 8 and summary["written"] == 6


def test_the_same_bytes_for_any_number_of_processes(delivery: Path, tmp_path: Path) -> None:
    _run(delivery, tmp_path / "one")
    _run(delivery, tmp_path / "two", "--jobs", "2")
    assert _digests(tmp_path / "one") == _digests(tmp_path / "two") != {}


def test_an_interrupted_run_goes_on_and_damaged_output_is_made_again(
    delivery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imaging.deid import folder as module

    out = tmp_path / "out"
    _run(delivery, out)
    expected = _digests(out)
    lost, damaged = sorted(out.rglob("*.dcm"))[:2]
    lost.unlink()
    damaged.write_bytes(b"half a file")
    done = []

    def counted(*args: Any, **kwargs: Any) -> DeidResult:
        done.append(1)
        return deidentify(*args, **kwargs)

    monkeypatch.setattr(module, "deidentify", counted)
    _run(delivery, out)
    assert _digests(out) == expected
    # Only the series of the two damaged files is done again.
    assert len(done) == 3


def test_another_key_gives_other_names(delivery: Path, tmp_path: Path) -> None:
    _run(delivery, tmp_path / "one")
    (tmp_path / "key").write_text(bytes(range(1, 33)).hex())
    _run(delivery, tmp_path / "two")
    assert not set(_digests(tmp_path / "one")) & set(_digests(tmp_path / "two"))


def test_a_residual_identifier_keeps_the_file_back(delivery: Path, tmp_path: Path) -> None:
    policy = tmp_path / "careless.toml"
    policy.write_text('name = "careless"\nbase = "basic"\n[overrides]\nImageComments = "K"\n')
    path = delivery / "Quillfeather_0_0.dcm"
    dataset = pydicom.dcmread(path)
    dataset.ImageComments = "as told by Mr Quillfeather"
    path.write_bytes(to_bytes(dataset))
    report = tmp_path / "report"
    key = str(delivery.parent / "key")
    out = tmp_path / "out"
    arguments = ["deid", str(delivery), str(out), "--policy", str(policy), "--key", key, "--report", str(report)]
    assert main([*arguments, "--no-pixel-check"]) == 1
    rows = [json.loads(line) for line in (report / "withheld.jsonl").read_text().splitlines()]
    (row,) = [row for row in rows if row["code"] == "residual-identifier"]
    assert row["where"] == ["(0020,4000) name"]
    assert len(_digests(out)) == 5


def test_a_short_key_and_an_absent_input_are_refused(delivery: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    assert _run(delivery, tmp_path / "out") == 1
    assert not (tmp_path / "out").exists()
