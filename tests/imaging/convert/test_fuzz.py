"""Damaged objects: a result or a typed error, never a crash, a hang or a leak of what the object held.

FIDUCIAL_FUZZ_CASES sets how many mutations each object gets (default 80); the recorded run used 3500.
"""

from __future__ import annotations

import io
import os
import random
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from imaging.errors import ImagingError
from imaging.labelmap import LabelMap, default_segments
from imaging.measure.table import measure_labelmap, report_of
from imaging.rtstruct import read_rtstruct, structure_set_to_labelmap, write_rtstruct
from imaging.seg import read_seg, write_seg
from imaging.sr import MeasurementReport, read_sr, write_sr

CASES = int(os.environ.get("FIDUCIAL_FUZZ_CASES", "80"))


@pytest.fixture(scope="module")
def objects(
    golden: Path, read_headers: Callable[[Path], list[Dataset]], grid_of: Callable[[list[Dataset]], Any]
) -> dict[str, bytes]:
    from datetime import UTC, datetime

    headers = read_headers(golden / "dcmqi/23x38x3/image")
    geometry = grid_of(headers)
    array = np.zeros(geometry.size, np.uint8)
    array[0, 3:20, 2:9], array[2, 10:12, 4:21] = 1, 2
    labelmap = LabelMap(array, geometry, default_segments([1, 2, 3]))
    identity: dict[str, Any] = {
        "series_instance_uid": "1.2.3.1",
        "sop_instance_uid": "1.2.3.2",
        "content_datetime": datetime(2026, 1, 1, tzinfo=UTC),
    }
    seg = write_seg(labelmap, headers, **identity)
    report: MeasurementReport = report_of(
        measure_labelmap(labelmap), segmentation_uid="1.2.3.2", source_series_uid=str(headers[0].SeriesInstanceUID)
    )
    made = {
        "binary": seg,
        "fractional": write_seg(labelmap, headers, segmentation_type="FRACTIONAL", **identity),
        "labelmap": write_seg(labelmap, headers, segmentation_type="LABELMAP", **identity),
        "rtstruct": write_rtstruct(labelmap, headers, **identity),
        "sr": write_sr(report, headers, [seg], **{**identity, "sop_instance_uid": "1.2.3.3"}),
    }
    encoded = {name: _encoded(ds) for name, ds in made.items()}
    encoded["dcmqi"] = (golden / "dcmqi/24x38x3/seg/label.seg").read_bytes()
    return encoded


def _encoded(ds: Dataset) -> bytes:
    buffer = io.BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()


def _mutated(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        place = chance.randrange(132, len(data))
        how = chance.random()
        if how < 0.5:
            data[place] = chance.randrange(256)
        elif how < 0.7:
            data[place] ^= 1 << chance.randrange(8)
        elif how < 0.8:
            data[place : place + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f"))
        elif how < 0.9:
            del data[place : place + chance.randrange(1, 64)]
        else:
            data[place:place] = data[place : place + chance.randrange(1, 64)]
    return bytes(data[: chance.randrange(132, len(data))]) if chance.random() < 0.1 else bytes(data)


@pytest.mark.parametrize("name", ["binary", "fractional", "labelmap", "rtstruct", "sr", "dcmqi"])
def test_mutated_objects_give_a_result_or_a_typed_error(name: str, objects: dict[str, bytes], tmp_path: Path) -> None:
    chance = random.Random(f"{name}-2026")
    geometry = read_seg(dcmread(io.BytesIO(objects["dcmqi"]))).geometry
    path = tmp_path / "mutated.dcm"
    outcomes = {"read": 0, "refused": 0}
    for case in range(CASES):
        path.write_bytes(_mutated(objects[name], chance))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if name == "rtstruct":
                    structure_set_to_labelmap(read_rtstruct(path), replace(geometry, size=(3, 38, 23)))
                elif name == "sr":
                    read_sr(path)
                else:
                    labelmap = read_seg(path)
                    assert all(labelmap.mask(s.number).shape == labelmap.geometry.size for s in labelmap.segments)
            outcomes["read"] += 1
        except ImagingError as error:
            assert "Anonymous" not in str(error), case
            outcomes["refused"] += 1
    assert outcomes["refused"] > CASES // 20 and outcomes["read"] > 0
