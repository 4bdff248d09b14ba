"""Measure segments: volumes, diameters, areas and, with --reference, intensities in the unit of the image.

Volumes use the true slice positions of the reference. PET is measured in SUVbw where it can be, else in its own unit.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from imaging import ENGINE_VERSION
from imaging.cli import EXIT_DONE, EXIT_USAGE
from imaging.convert.codes import read_codes
from imaging.convert.job import load_reference_values
from imaging.convert.labels import read_labels
from imaging.convert.reference import open_reference
from imaging.errors import InputError
from imaging.measure.table import SegmentMeasurements, measure_labelmap


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("labels", type=Path, metavar="LABELS", help="NIfTI, NRRD, MHA, SEG or RTSTRUCT")
    parser.add_argument("--reference", type=Path, metavar="SERIES", help="the DICOM series the labels belong to")
    parser.add_argument("--codes", type=Path, metavar="FILE", help="JSON that says what the labels mean")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    if not args.labels.is_file():
        print("error: there is no such label file", file=sys.stderr)
        return EXIT_USAGE
    try:
        reference = None if args.reference is None else open_reference(args.reference)
        codes = None if args.codes is None else read_codes(args.codes)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    geometry = None if reference is None else reference.geometry
    labelmap = read_labels(args.labels, reference=geometry, codes=codes)
    print(f"{len(labelmap.segments)} segment(s) on {labelmap.geometry.size}", file=sys.stderr)
    image = None if reference is None else load_reference_values(reference)
    measured = measure_labelmap(labelmap, image)
    if args.json:
        content = {
            "engine_version": ENGINE_VERSION,
            "geometry": labelmap.geometry.as_json(),
            "values": None if image is None else {"kind": image.values, "unit": image.unit, "method": image.method},
            "segments": [one.as_json() for one in measured],
        }
        print(json.dumps(content, ensure_ascii=False))
    else:
        _print_table(measured)
    return EXIT_DONE


def _print_table(measured: list[SegmentMeasurements]) -> None:
    for one in measured:
        print(f"{one.segment.number} {one.segment.label}: {one.voxel_count} voxels")
        for name, quantity in one.quantities.items():
            value = "not defined" if quantity.value is None else f"{quantity.value:.6g} {quantity.unit}"
            print(f"    {name:16} {value}{f'  ({quantity.note})' if quantity.note else ''}")
