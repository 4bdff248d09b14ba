"""De-identification: attributes in files a second and core, and a CT series with its pixel check, in seconds.

    python -m tests.benchmarks.deid [--slices 500] [--files 200] [--json]

Beside it in the same run: pydicom reading and writing the same bytes without changing anything, and dicognito and
dicom-anonymizer where they are installed. CPU seconds are given with wall seconds: the machine may be shared.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pydicom

from imaging.burnedin.series import check_series
from imaging.deid import OriginalIdentifiers, SubjectKeys, deidentify, load_policy
from tests.deid.canaries import base_dataset, to_bytes

KEYS = SubjectKeys(bytes(range(32)))


def ct_series(slices: int) -> list[bytes]:
    """A 512² CT with smooth, noisy content, one file a slice."""
    rows, columns = np.mgrid[0:512, 0:512]
    noise = np.random.default_rng(1).normal(0, 20, (8, 512, 512))
    files = []
    for index in range(slices):
        dataset = base_dataset()
        array = 400 * np.sin(columns / 60 + index / 40) * np.cos(rows / 70 - index / 90) + noise[index % 8]
        dataset.Rows = dataset.Columns = 512
        dataset.PixelData = array.astype(np.int16).tobytes()
        dataset.BodyPartExamined = "CHEST"
        dataset.SOPInstanceUID = pydicom.uid.UID(f"1.2.826.55.{index + 1}")
        dataset.ImagePositionPatient = [0, 0, float(index)]
        files.append(to_bytes(dataset))
    return files


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def rewrite(files: list[bytes]) -> None:
    """The floor: read every element, write them again."""
    for data in files:
        dataset = pydicom.dcmread(io.BytesIO(data))
        list(dataset.iterall())
        pydicom.dcmwrite(io.BytesIO(), dataset, enforce_file_format=True)


def ours(files: list[bytes]) -> None:
    policy = load_policy("research-tcia")
    for data in files:
        assert deidentify(data, policy, KEYS).withheld is None


def dicognito(files: list[bytes]) -> None:
    anonymizer = importlib.import_module("dicognito.anonymizer").Anonymizer(seed="1")
    for data in files:
        dataset = pydicom.dcmread(io.BytesIO(data))
        anonymizer.anonymize(dataset)
        pydicom.dcmwrite(io.BytesIO(), dataset, enforce_file_format=True)


def dicom_anonymizer(files: list[bytes]) -> None:
    module = importlib.import_module("dicomanonymizer")
    for data in files:
        dataset = pydicom.dcmread(io.BytesIO(data))
        module.anonymize_dataset(dataset)
        pydicom.dcmwrite(io.BytesIO(), dataset, enforce_file_format=True)


def attributes(count: int) -> dict[str, float]:
    """Files a CPU second of each tool on the same files."""
    files = ct_series(min(count, 20)) * max(1, count // 20)
    rates = {}
    for work in (rewrite, ours, dicognito, dicom_anonymizer):
        try:
            work(files[:2])
        except ModuleNotFoundError:
            continue
        _, cpu = timed(partial(work, files))
        rates[work.__name__] = round(len(files) / cpu, 1)
    return rates


def series(slices: int) -> dict[str, float]:
    """One CT series: pixel check and attributes, in one process."""
    files = ct_series(slices)
    check_series(files[:7], OriginalIdentifiers())  # the reader's weights are loaded once a process
    wall, cpu = timed(lambda: check_series(files, OriginalIdentifiers()))
    tag_wall, tag_cpu = timed(lambda: ours(files))
    return {
        "slices": slices,
        "pixel_check_wall_s": round(wall, 2),
        "pixel_check_cpu_s": round(cpu, 2),
        "attributes_wall_s": round(tag_wall, 2),
        "attributes_cpu_s": round(tag_cpu, 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=500)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = {"files_per_cpu_second": attributes(args.files), "ct_series": series(args.slices)}
    if args.json:
        print(json.dumps(result, sort_keys=True))
        return 0
    for name, rate in result["files_per_cpu_second"].items():
        print(f"{name}: {rate} files/s/core")
    for name, value in result["ct_series"].items():
        print(f"CT series {name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
