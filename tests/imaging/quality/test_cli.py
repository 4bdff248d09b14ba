"""`python -m imaging info` and `qc`: what is printed where, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imaging.cli import main
from tests.imaging.series.phantoms import ct_slice, file_bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "series"
    inner.mkdir()
    for index in range(6):
        (inner / f"{index}.dcm").write_bytes(file_bytes(ct_slice(index)))
    return tmp_path


def test_info_prints_a_table_and_its_progress_elsewhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(folder)]) == 0
    printed = capsys.readouterr()
    assert "volume       6×16×12" in printed.out
    assert "2×0.5×0.5 mm" in printed.out
    assert printed.err == "reading 6 files\n"


def test_info_json_holds_the_geometry(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(folder), "--json"]) == 0
    (series,) = json.loads(capsys.readouterr().out)["series"]
    (stack,) = series["stacks"]
    assert stack["kind"] == "volume" and stack["regular"] is True
    assert stack["geometry"]["spacing_mm"] == [2.0, 0.5, 0.5]
    assert stack["geometry"]["size"] == [6, 16, 12]
    assert stack["gaps_mm"] == [2.0, 2.0]


def test_info_names_a_damaged_file_and_goes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cut.dcm").write_bytes(file_bytes(ct_slice(9))[:700])
    assert main(["info", str(folder), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [error["path"] for error in answer["errors"]] == [str(folder / "cut.dcm")]
    assert answer["errors"][0]["code"] == "truncated-file" and answer["errors"][0]["remedy"]
    assert len(answer["series"]) == 1


def test_qc_of_a_good_series_finds_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["qc", str(folder)]) == 0
    printed = capsys.readouterr()
    assert "6 instances, 1 series, 1 volumes, 6 frames decoded" in printed.out
    assert "nothing found" in printed.out


def test_qc_exit_code_follows_the_gravest_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "series" / "3.dcm").unlink()
    assert main(["qc", str(folder), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["worst"], answer["findings"][0]["code"]) == ("error", "missing-slices")
    assert main(["qc", str(folder), "--fail-on", "critical"]) == 0
    assert "missing-slices" in capsys.readouterr().out


def test_info_names_an_image_without_pixels(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ds = ct_slice(9)
    del ds.PixelData
    (folder / "bare.dcm").write_bytes(file_bytes(ds))
    assert main(["info", str(folder)]) == 1
    assert "An image has no pixel data" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["info", "qc"])
def test_a_path_that_does_not_exist_is_a_usage_error(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, str(tmp_path / "absent")])
    assert stopped.value.code == 2
    assert "does not exist" in capsys.readouterr().err
    assert main([command, str(tmp_path)]) == 2
    with pytest.raises(SystemExit) as stopped:
        main([command])
    assert stopped.value.code == 2
