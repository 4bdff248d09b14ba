"""Header scan of a folder and loading of a volume, each beside its peer in the same run, as ratios.

    python -m tests.benchmarks.imaging_scan [--slices 500] [--repeats 5] [--json]

Peers: pydicom's `dcmread(stop_before_pixels, specific_tags)` reading the same seventeen values; SimpleITK's series
reader. One process, one core for the scan; files in the page cache on both sides; medians, alternating runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK

from imaging.series import read_headers
from imaging.volume import load_volume
from tests.imaging.series.phantoms import ct_slice, file_bytes

SEVENTEEN = (
    "SOPInstanceUID SOPClassUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID Modality InstanceNumber "
    "ImagePositionPatient ImageOrientationPatient PixelSpacing Rows Columns SliceThickness RescaleSlope "
    "RescaleIntercept BitsStored NumberOfFrames"
).split()


def make_series(folder: Path, slices: int) -> list[Path]:
    """A CT series of 512² int16 slices with smooth content, one file each, with the usual number of elements."""
    y, x = np.mgrid[0:512, 0:512]
    paths = []
    for index in range(slices):
        array = (1000 + 400 * np.sin(x / 40 + index / 50) * np.cos(y / 60)).astype(np.int16)
        ds = ct_slice(index, z=1.0 * index, array=array.view(np.uint16), PixelRepresentation=1)
        for extra in range(60):
            ds.add_new(0x00091010 + extra, "LO", f"vendor value {extra}")
        path = folder / f"{index:04d}.dcm"
        path.write_bytes(file_bytes(ds))
        paths.append(path)
    return paths


def pydicom_scan(paths: list[Path]) -> int:
    """The peer: a loop that reads the seventeen values of each file."""
    for path in paths:
        ds = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[*SEVENTEEN])
        for keyword in SEVENTEEN:
            ds.get(keyword)
    return len(paths)


def simpleitk_load(paths: list[Path]) -> int:
    """The peer: SimpleITK's series reader, given the files in order."""
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames([str(p) for p in paths])
    image = reader.Execute()
    return int(image.GetSize()[2])


def alternate(ours: Callable[[], object], peer: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Medians in seconds of two functions that take turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for function, kept in zip((ours, peer), times, strict=True):
            began = time.perf_counter()
            function()
            kept.append(time.perf_counter() - began)
    return statistics.median(times[0]), statistics.median(times[1])


def measure(folders: list[Path], slices: int, repeats: int) -> dict[str, object]:
    """All figures."""
    results: dict[str, object] = {"cores": os.cpu_count(), "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as folder:
        paths = make_series(Path(folder), slices)
        sets = {"synthetic": paths} | {str(f): sorted(p for p in f.rglob("*") if p.is_file()) for f in folders}
        for name, files in sets.items():
            ours, peer = alternate(partial(read_headers, files), partial(pydicom_scan, files), repeats)
            results[f"scan {name}"] = {
                "files": len(files),
                "ours_per_s": round(len(files) / ours),
                "pydicom_per_s": round(len(files) / peer),
                "ratio": round(peer / ours, 2),
            }
        ours, peer = alternate(lambda: load_volume(paths), lambda: simpleitk_load(paths), max(3, repeats // 2))
        tracemalloc.start()
        volume = load_volume(paths)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        results["load volume"] = {
            "slices": slices,
            "ours_s": round(ours, 3),
            "simpleitk_s": round(peer, 3),
            "ratio": round(peer / ours, 2),
            "peak_volumes": round(peak / volume.array.nbytes, 2),
        }
    return results


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="further folders to scan")
    parser.add_argument("--slices", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    results = measure(args.folders, args.slices, args.repeats)
    print(json.dumps(results, indent=None if args.json else 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
