"""Make one segmentation from several readers': majority, STAPLE, weighted, intersection, union, median contour.

Majority and STAPLE are shown side by side whatever method is asked. Files as in `compare`; one npz may hold all
readers as `readers`, reader first.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging import ENGINE_VERSION
from imaging.cli import EXIT_DONE, EXIT_USAGE
from imaging.cli._labels import LabelArrays, Spacing, read_readers
from imaging.consensus import ALGORITHMS, ConsensusPair, ConsensusResult, majority_and_staple
from imaging.convert.nrrd import write_mha, write_nrrd
from imaging.errors import InputError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import default_segments, labels_from_array, present_labels
from imaging.nifti import write_nifti

_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha", ".npz")
_BINARY_ONLY = ("staple", "intersection", "union", "median-contour")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("labels", type=Path, nargs="+", metavar="LABELS", help="one file per reader")
    parser.add_argument("--method", choices=sorted(ALGORITHMS), required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=", ".join(_SUFFIXES))
    parser.add_argument("--tie", choices=["foreground", "background", "undecided"], default="background")
    parser.add_argument("--weights", type=float, nargs="+", metavar="W", help="one per reader, for --method weighted")
    parser.add_argument("--series", type=Path, metavar="SERIES", help="the images, where the files hold contours")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    problem = _usage_problem(args)
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return EXIT_USAGE
    readers = read_readers(args.labels, args.series)
    arrays = [_one_array(reader) for reader in readers]
    print(f"{len(arrays)} reader(s)", file=sys.stderr)
    spacing = readers[0].spacing
    pair = majority_and_staple(arrays, spacing, tie=args.tie)
    result = _asked(args, arrays, spacing, pair)
    _write(args.out, result.array, spacing)
    if args.json:
        print(json.dumps(_content(result, pair, args.out)))
    else:
        _print_table(result, pair, args.out)
    return EXIT_DONE


def _usage_problem(args: argparse.Namespace) -> str | None:
    if not all(path.is_file() for path in args.labels):
        return "there is no such label file"
    if not args.out.name.lower().endswith(_SUFFIXES):
        return f"--out must end in one of {', '.join(_SUFFIXES)}"
    if (args.method == "weighted") != bool(args.weights):
        return "--weights belongs to --method weighted, one number per reader"
    return None


def _one_array(reader: LabelArrays) -> NDArray[Any]:
    if reader.array is None:
        raise InputError(
            "A reader's segments overlap", remedy="Make the consensus segment by segment.", code="overlapping-segments"
        )
    return reader.array


def _asked(
    args: argparse.Namespace, arrays: list[NDArray[Any]], spacing: Spacing, pair: ConsensusPair
) -> ConsensusResult:
    several = any(int(array.max(initial=0)) > 1 for array in arrays)
    if several and args.method in _BINARY_ONLY and args.method != "staple":
        raise InputError(
            f"{args.method} is defined for one structure",
            remedy="Choose majority, weighted or staple-multilabel, or give one structure.",
            code="labels-not-binary",
        )
    if args.method == "majority":
        return pair.majority
    if args.method == "staple":
        return pair.staple
    options: dict[str, Any] = {}
    if args.method == "weighted":
        options = {"weights": args.weights, "tie": args.tie}
    if args.method == "median-contour":
        options = {"spacing_mm": spacing.spacing_mm if isinstance(spacing, VolumeGeometry) else spacing}
    return ALGORITHMS[args.method](arrays, **options)


def _write(path: Path, array: NDArray[Any], spacing: Spacing) -> None:
    name = path.name.lower()
    if name.endswith(".npz"):
        mm = spacing.spacing_mm if isinstance(spacing, VolumeGeometry) else spacing
        np.savez_compressed(path, labels=array, spacing=np.asarray(mm, float))
        return
    if not isinstance(spacing, VolumeGeometry):
        spacing = _plain_geometry(spacing, array)
    labels = labels_from_array(array.reshape(spacing.size))
    if name.endswith((".nii", ".nii.gz")):
        write_nifti(path, labels, spacing)
    elif name.endswith(".nrrd"):
        write_nrrd(path, labels, spacing, default_segments(present_labels(labels)))
    else:
        write_mha(path, labels, spacing)


def _plain_geometry(spacing_mm: Any, array: NDArray[Any]) -> VolumeGeometry:
    """npz has no place in patient space: its axes become slice, row, column from the origin."""
    thick = (1.0,) * (3 - array.ndim)
    shape = (1,) * (3 - array.ndim) + array.shape
    mm = (*thick, *spacing_mm)
    return VolumeGeometry(
        origin_lps=(0.0, 0.0, 0.0),
        direction=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
        spacing_mm=(float(mm[0]), float(mm[1]), float(mm[2])),
        size=(shape[0], shape[1], shape[2]),
    )


def _content(result: ConsensusResult, pair: ConsensusPair, out: Path) -> dict[str, Any]:
    return {
        "engine_version": ENGINE_VERSION,
        "out": str(out),
        "result": result.as_json(),
        "side_by_side": {
            "majority": pair.majority.as_json(),
            "staple": pair.staple.as_json(),
            "difference": {str(label): metrics.as_json() for label, metrics in pair.difference.items()},
            "differing_voxels": pair.differing_voxels,
        },
    }


def _print_table(result: ConsensusResult, pair: ConsensusPair, out: Path) -> None:
    for title, one in (("asked", result), ("majority", pair.majority), ("STAPLE", pair.staple)):
        counts = ", ".join(f"label {k}: {n}" for k, n in one.as_json()["labels"].items()) or "empty"
        print(f"{title:9} {one.algorithm} {one.version}, {one.outcome}: {counts} voxels, {one.digest[:12]}")
        for reader in one.performance:
            values = (reader.sensitivity, reader.specificity, reader.dice)
            shown = ("not defined" if value is None else f"{value:.4f}" for value in values)
            print(f"          reader {reader.reader}: sensitivity, specificity, Dice " + ", ".join(shown))
    print(f"majority and STAPLE differ in {pair.differing_voxels} voxels; written to {out}")
