"""Compare two segmentations: all metrics per class, each with the id of its definition.

Files may be NIfTI, NRRD, MHA, DICOM SEG, RTSTRUCT or npz. Classes are matched by their number. In an npz the arrays
`ref` and `pred` (or `labels`) and `spacing` (mm, in array-axis order) are taken.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from imaging import ENGINE_VERSION
from imaging.cli import EXIT_DONE, EXIT_USAGE
from imaging.cli._labels import LabelArrays, read_pair
from imaging.metrics import DEFINITIONS, SegmentationMetrics, compare_labelmaps, compare_masks, detect_lesions
from imaging.metrics.definitions import BOUNDARIES, definition_ids
from imaging.metrics.segmentation import METRIC_NAMES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", type=Path, metavar="REFERENCE", help="the labels to compare with")
    parser.add_argument("prediction", type=Path, metavar="PREDICTION", help="the labels to judge")
    parser.add_argument("--series", type=Path, metavar="SERIES", help="the images, where both files hold contours")
    parser.add_argument("--tolerance", type=float, default=2.0, metavar="MM", help="of the NSD, default 2 mm")
    parser.add_argument("--definitions", choices=list(BOUNDARIES), default="fiducial", help="which boundary is taken")
    parser.add_argument("--lesions", action="store_true", help="add lesion-wise detection per class")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    for path in (args.reference, args.prediction):
        if not path.is_file():
            print("error: there is no such label file", file=sys.stderr)
            return EXIT_USAGE
    reference, prediction = read_pair(args.reference, args.prediction, args.series)
    classes = sorted({*reference.classes, *prediction.classes})
    print(f"comparing {len(classes)} class(es)", file=sys.stderr)
    metrics = _compare(reference, prediction, classes, args)
    content = _content(metrics, args)
    if args.lesions:
        content["lesions"] = {str(label): _lesions(reference, prediction, label) for label in classes}
    if args.json:
        print(json.dumps(content))
    else:
        _print_table(metrics, content)
    return EXIT_DONE


def _compare(
    reference: LabelArrays, prediction: LabelArrays, classes: list[int], args: argparse.Namespace
) -> dict[int, SegmentationMetrics]:
    options = {"nsd_tolerance_mm": args.tolerance, "definitions": args.definitions}
    if reference.array is not None and prediction.array is not None:
        return compare_labelmaps(reference.array, prediction.array, reference.spacing, classes, **options)
    return {
        label: compare_masks(reference.mask(label), prediction.mask(label), reference.spacing, **options)
        for label in classes
    }


def _lesions(reference: LabelArrays, prediction: LabelArrays, label: int) -> dict[str, Any]:
    return dataclasses.asdict(detect_lesions(reference.mask(label), prediction.mask(label), reference.spacing))


def _content(metrics: dict[int, SegmentationMetrics], args: argparse.Namespace) -> dict[str, Any]:
    ids = definition_ids(args.definitions)
    return {
        "engine_version": ENGINE_VERSION,
        "classes": {str(label): one.as_json() for label, one in metrics.items()},
        "definitions": {name: dataclasses.asdict(DEFINITIONS[ids[name]]) for name in METRIC_NAMES},
        "nsd_tolerance_mm": args.tolerance,
        "outcomes": {str(label): one.outcome for label, one in metrics.items()},
        "voxels": {
            str(label): {
                "reference": one.reference_voxels,
                "prediction": one.prediction_voxels,
                "overlap": one.overlap_voxels,
            }
            for label, one in metrics.items()
        },
    }


def _print_table(metrics: dict[int, SegmentationMetrics], content: dict[str, Any]) -> None:
    print(f"{'class':>6} " + " ".join(f"{name:>15}" for name in METRIC_NAMES) + "  outcome")
    for label, one in metrics.items():
        values = ("not defined" if value is None else f"{value:.5f}" for value in one.as_json().values())
        print(f"{label:>6} " + " ".join(f"{value:>15}" for value in values) + f"  {one.outcome}")
    for label, lesions in content.get("lesions", {}).items():
        found = f"{lesions['detected']} of {lesions['reference_lesions']} lesions found"
        print(f"class {label}: {found}, {lesions['prediction_lesions'] - lesions['true_predictions']} invented")
    for name, definition in content["definitions"].items():
        print(f"{name}: {definition['id']}, {definition['text']}")
