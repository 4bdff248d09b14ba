"""`python -m imaging convert` and `measure`: every format on real data, exit codes, the same bytes twice."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from imaging.cli import main
from imaging.convert.job import FORMATS
from imaging.convert.labels import read_labels
from imaging.convert.reference import open_reference
from imaging.nifti import read_nifti, write_nifti

CODES = {
    "segments": [
        {"number": 1, "label": "Tumour", "type": ["108369006", "SCT", "Neoplasm"], "rgb": [255, 0, 0]},
        {"number": 2, "label": "Not found", "type": ["27925004", "SCT", "Nodule"]},
    ]
}


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    (tmp_path / "codes.json").write_text(json.dumps(CODES))
    return tmp_path / "codes.json"


def convert(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[Path], str]:
    code = main(["convert", *[str(a) for a in arguments]])
    out, err = capsys.readouterr()
    return code, [Path(line) for line in out.splitlines() if line], err


@pytest.mark.parametrize("to", FORMATS)
def test_labels_to_every_format(
    capsys: pytest.CaptureFixture[str], golden: Path, tmp_path: Path, codes: Path, to: str
) -> None:
    contents = []
    for attempt in ("a", "b"):
        code, written, err = convert(
            capsys, golden / "sts042/PET_mask.nii.gz", "--to", to, "--out", tmp_path / attempt, "--codes", codes,
            "--reference", golden / "sts042/PET", "--datetime", "2026-01-02T03:04:05+00:00",
        )  # fmt: skip
        assert code == 0 and written and all(path.stat().st_size or path.suffix == ".txt" for path in written)
        assert "PET_mask.nii.gz: 2 segment(s)" in err
        contents.append([(path.name, path.read_bytes()) for path in written])
    assert contents[0] == contents[1]
    for name, content in contents[0]:
        if name.endswith(".dcm"):
            (tmp_path / name).write_bytes(content)
            verdict = subprocess.run(["dciodvfy", str(tmp_path / name)], capture_output=True, text=True, check=False)
            assert [line for line in verdict.stderr.splitlines() if line.startswith("Error")] == []


def test_chain_of_formats_keeps_every_voxel(
    capsys: pytest.CaptureFixture[str], golden: Path, tmp_path: Path, codes: Path
) -> None:
    reference = golden / "sts042/PET"
    source: Path = golden / "sts042/rtstruct_pet.dcm"
    for to in ("seg", "nifti", "rtstruct", "nrrd", "seg", "mha", "rtstruct", "nifti"):
        code, written, _ = convert(
            capsys, source, "--to", to, "--out", tmp_path / f"{to}{len(source.parts)}{source.stem}",
            "--reference", reference,
        )  # fmt: skip
        assert code == 0
        source = written[0]
    geometry = open_reference(reference).geometry
    final = read_labels(source, reference=geometry)
    truth = read_labels(golden / "sts042/PET_mask.nii.gz", reference=geometry)
    assert np.array_equal(final.labels(), truth.labels())
    assert final.segments[0].label == "GTV_Mass_PET"


def test_images_to_nifti_nrrd_and_png(capsys: pytest.CaptureFixture[str], golden: Path, tmp_path: Path) -> None:
    code, written, err = convert(capsys, golden / "sts042/PET", "--to", "nifti", "--out", tmp_path)
    assert code == 0 and [path.name for path in written] == ["pt_4.nii.gz", "pt_4.json"]
    assert "pt_4.nii.gz: 1 volume(s) of 49 slices" in err
    array, _ = read_nifti(written[0])
    assert array.max() == pytest.approx(6.91562032693616, rel=1e-6)
    code, written, _ = convert(capsys, golden / "sts042/PET", "--to", "nrrd", "--out", tmp_path)
    assert code == 0 and [path.name for path in written] == ["pt_1_1.nrrd"]
    code, written, _ = convert(capsys, golden / "sts042/PET", "--to", "png", "--out", tmp_path)
    assert code == 0 and len(written) == 49


def test_previews_show_colour_and_invert_monochrome1(
    capsys: pytest.CaptureFixture[str], shared_dir: Path, tmp_path: Path
) -> None:
    data = shared_dir / "data"
    code, written, _ = convert(capsys, data / "06_us_cine_and_colour", "--to", "png", "--out", tmp_path / "us")
    assert code == 0
    ds = dcmread(data / "06_us_cine_and_colour/examples_palette.dcm")
    red = np.frombuffer(ds.RedPaletteColorLookupTableData, "<u2")[ds.pixel_array.clip(0)] >> 8
    shown = [np.asarray(Image.open(path)) for path in written]
    assert any(image.ndim == 3 and np.array_equal(image[..., 0], red) for image in shown)
    code, (path,), _ = convert(
        capsys, data / "05_cr_burned_in/CR_chest_MONOCHROME1_RLE_burnedin.dcm", "--to", "png", "--out", tmp_path / "cr"
    )
    assert code == 0
    stored = dcmread(data / "05_cr_burned_in/CR_chest_MONOCHROME1_RLE_burnedin.dcm").pixel_array
    grey = np.asarray(Image.open(path)).astype(float)
    assert np.corrcoef(grey.ravel(), stored.ravel())[0, 1] < -0.9


def test_images_and_labels_of_one_folder_are_both_converted(
    capsys: pytest.CaptureFixture[str], golden: Path, tmp_path: Path
) -> None:
    code, written, _ = convert(capsys, golden / "dcmqi/24x38x3", "--to", "nifti", "--out", tmp_path)
    assert code == 0
    assert [path.name for path in written] == [
        "label.nii.gz",
        "label.json",
        "label_2.nii.gz",
        "label_2.json",
        "ct_123456.nii.gz",
        "ct_123456.json",
    ]


def test_exit_codes(capsys: pytest.CaptureFixture[str], golden: Path, tmp_path: Path) -> None:
    mask = golden / "sts042/PET_mask.nii.gz"
    code, written, err = convert(capsys, mask, "--to", "seg", "--out", tmp_path)
    assert (code, written) == (1, []) and "--reference" in err
    assert convert(capsys, tmp_path / "absent", "--to", "nifti", "--out", tmp_path)[0] == 2
    assert convert(capsys, mask, "--to", "seg", "--out", tmp_path, "--reference", tmp_path)[0] == 2
    with pytest.raises(SystemExit) as usage:
        main(["convert", str(mask), "--to", "hologram", "--out", str(tmp_path)])
    assert usage.value.code == 2
    code, written, err = convert(capsys, golden / "sts042/PET", "--to", "stl", "--out", tmp_path)
    assert (code, written) == (1, []) and "Give the labels" in err
    array, geometry = read_nifti(mask)
    write_nifti(tmp_path / "other.nii.gz", array, replace(geometry, spacing_mm=(3.27, 5.0, 5.0)))
    code, written, err = convert(
        capsys, tmp_path / "other.nii.gz", "--to", "seg", "--out", tmp_path, "--reference", golden / "sts042/PET"
    )
    assert (code, written) == (1, []) and "Resample the labels" in err


def test_json_lists_files_and_errors(capsys: pytest.CaptureFixture[str], golden: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.nii").write_bytes(b"\x5c\x01\x00\x00nonsense")
    mask = golden / "sts042/PET_mask.nii.gz"
    code = main(["convert", str(mask), str(tmp_path / "broken.nii"), "--to", "nifti", "--out", str(tmp_path), "--json"])
    content = json.loads(capsys.readouterr().out)
    assert code == 1
    assert [Path(path).name for path in content["written"]] == ["PET_mask.nii.gz", "PET_mask.json"]
    assert [error["code"] for error in content["errors"]] == ["unreadable-file"]


def test_measure_prints_published_figures(capsys: pytest.CaptureFixture[str], golden: Path) -> None:
    expected = json.loads((golden / "sts042/expected.json").read_text())["PET"]
    for labels in ("PET_mask.nii.gz", "rtstruct_pet.dcm"):
        code = main(["measure", str(golden / "sts042" / labels), "--reference", str(golden / "sts042/PET"), "--json"])
        out, err = capsys.readouterr()
        content = json.loads(out)
        quantities = content["segments"][0]["quantities"]
        assert code == 0 and "1 segment(s)" in err
        assert content["segments"][0]["voxels"] == 356
        assert quantities["volume"]["value"] == pytest.approx(expected["mask_ml"] * 1000)
        assert quantities["mean"]["value"] == pytest.approx(expected["mean"])
        assert (quantities["volume"]["unit"], quantities["mean"]["unit"]) == ("mm3", "g/mL")
        assert content["values"]["unit"] == "g/mL"


def test_measure_without_reference_and_usage(capsys: pytest.CaptureFixture[str], golden: Path, tmp_path: Path) -> None:
    assert main(["measure", str(golden / "sts042/PET_mask.nii.gz")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 Segment 1: 356 voxels") and "mean" not in out
    assert main(["measure", str(tmp_path / "absent.nii.gz")]) == 2
    assert main(["measure", str(golden / "sts042/rtstruct_pet.dcm"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "input-error"
