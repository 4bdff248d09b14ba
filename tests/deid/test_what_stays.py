"""What must not change does not: attributes nobody named, real objects' validity, words of real descriptors."""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom._dicom_dict import DicomDictionary
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement

from imaging.deid import OriginalIdentifiers, SubjectKeys, deidentify, load_policy
from imaging.deid.policy import table_tags
from imaging.deid.text import TextCleaner
from tests.deid.canaries import base_dataset, to_bytes

KEYS = SubjectKeys(bytes(range(32)))
HARMLESS: dict[str, list[Any]] = {
    "LO": ["SHARP EDGE 2", "KEEP0123", "Standard value", "v4.2.1", "Level 3 B", "XY-77", "SE2D_16"],
    "SH": ["HEAD_1", "B30f", "ABC 12", "K-7", "Value 9"],
    "CS": ["ORIGINAL", "NONE", "QWERTY", "DERIVED_2"],
    "DS": ["12.5", "0.000123", "-4e-3"],
    "IS": ["12", "104", "-3"],
    "UC": ["Listed text"],
    "US": [512],
    "UL": [70000],
    "SS": [-5],
    "SL": [-7],
    "FL": [1.5],
    "FD": [2.25],
    "AT": [0x00280010],
    "UV": [5],
    "SV": [-5],
    "OB": [b"\1\2\3\4"],
    "OW": [b"\0\1\0\2"],
    "OF": [b"\0\0\x80?"],
    "OL": [b"\1\0\0\0"],
    "OD": [b"\0" * 8],
}
# The engine's own statements, and birth dates in other calendars.
TOUCHED = {0x00100033, 0x00100034, 0x00120062, 0x00120063, 0x00120064, 0x00280301, 0x00280303}


@pytest.mark.parametrize("name", ["basic", "hipaa-safe-harbor", "research-tcia"])
def test_attributes_the_table_does_not_name_stay(name: str) -> None:
    chooser = random.Random(3)
    dataset = base_dataset()
    planted = []
    for tag, entry in DicomDictionary.items():
        vr = entry[0].split(" ")[0]
        outside = tag in table_tags() or tag in dataset or tag in TOUCHED or tag >> 16 in (0, 2, 4, 0x0028)
        if not outside and tag >> 24 not in (0x50, 0x60, 0x7F) and vr in HARMLESS:
            dataset[tag] = DataElement(tag, vr, chooser.choice(HARMLESS[vr]))
            planted.append(tag)
    data = to_bytes(dataset)
    result = deidentify(data, load_policy(name), KEYS)
    before, after = (pydicom.dcmread(io.BytesIO(b)) for b in (data, result.file_bytes))
    changed = [tag for tag in planted if tag not in after or after[tag].value != before[tag].value]
    assert len(planted) > 2000
    assert len(changed) / len(planted) <= 0.0015, [hex(tag) for tag in changed]


def _real_objects(shared: Path) -> list[Path]:
    """Objects of many classes: pydicom's test files, and the first of each kind in the shared data."""
    folder = Path(str(get_testdata_file("CT_small.dcm"))).parent
    paths = [*sorted(folder.glob("*.dcm")), *sorted((folder.parent / "palettes").glob("*.dcm"))]
    for folder in sorted((shared / "data").iterdir()):
        if folder.is_dir():
            files = [p for p in sorted(folder.rglob("*")) if p.suffix in {".dcm", ".seg"} and p.stat().st_size < 8e6]
            paths += files[:4] if folder.name[:2] in {"01", "02", "04", "10", "11"} else files[:40]
    return paths


def _errors(data: bytes, path: Path) -> Counter[str]:
    path.write_bytes(data)
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, errors="replace", check=False)
    lines = (done.stderr + done.stdout).splitlines()
    # UIDs are mapped, so the same error quotes another one.
    return Counter(re.sub(r"UID [\d.]+|<[\d.]{9,}>", "UID", line) for line in lines if line.startswith("Error"))


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed")
@pytest.mark.parametrize("name", ["basic", "research-tcia"])
def test_real_objects_of_twenty_classes_get_no_new_errors_and_leak_nothing(
    name: str, shared_dir: Path, tmp_path: Path
) -> None:
    from imaging.deid import collect_identifiers, find_residuals

    policy = load_policy(name)
    classes = set()
    worse = {}
    for path in _real_objects(shared_dir):
        data = path.read_bytes()
        result = deidentify(data, policy, KEYS)
        if result.withheld is not None:
            continue
        classes.add(result.sop_class_uid)
        new = _errors(result.file_bytes, tmp_path / "o.dcm") - _errors(data, tmp_path / "i.dcm")
        identifiers = collect_identifiers(pydicom.dcmread(io.BytesIO(data), force=True))
        residuals = find_residuals(result.file_bytes, identifiers)
        if new or residuals:
            worse[path.name] = (dict(new), residuals)
    assert worse == {}
    assert len(classes) >= 20


REAL_DESCRIPTORS = [
    "CT CHEST W/O CONTRAST",
    "t1_mprage_sag_p2_iso",
    "AX T2 FLAIR FS",
    "ABD/PEL WITH CONTRAST 5MM STD",
    "Head 5.0 H31s",
    "ep2d_diff_b50_400_800_ADC",
    "LUNG 1.25MM",
    "PET WB CTAC",
    "SAG T1 POST GAD",
    "MIP CORONAL",
    "DYNAMIC LAVA PRE CONTRAST",
    "Thorax 1.0 B70f",
    "R CC TOMO",
    "Localizer",
    "3 mm std FoV 400",
    "0,OPA,SE,SEN16,B30f,354,2,120,37.5,30,na",
    "MR BRAIN 45 yo male",
]


@pytest.mark.parametrize("text", REAL_DESCRIPTORS)
def test_real_descriptors_stay_as_they_are(text: str) -> None:
    assert TextCleaner(OriginalIdentifiers()).clean(text) == text


CLEANED = [
    ("CT chest Kowalczyk", "CT chest"),
    ("Dr. Rose abdomen", "Dr abdomen"),
    ("MR BRAIN 92 yo male", "MR BRAIN 90 yo male"),
    ("done 2012-03-04 liver", "done liver"),
    ("liver 4 March 2012", "liver"),
    ("call 555-123-4567", "call"),
    ("spine MRN: 8842137", "spine"),
    ("KOWALCZYK^ANNA knee", "knee"),
    ("mail j.doe@example.org today", "mail today"),
    ("scan A1234567 head", "scan head"),
]


@pytest.mark.parametrize(("text", "expected"), CLEANED)
def test_identifiers_in_descriptors_go_and_the_rest_stays(text: str, expected: str) -> None:
    assert re.sub(r"[.]", "", TextCleaner(OriginalIdentifiers()).clean(text)) == expected
