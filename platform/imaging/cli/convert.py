"""Convert series and labels: NIfTI, SEG, RTSTRUCT, SR, STL, GLB, NRRD, MHA, COCO, YOLO, PNG.

A source that holds labels (NIfTI, NRRD, MHA, SEG, RTSTRUCT) is converted as labels, DICOM images as series. SEG,
RTSTRUCT and SR need --reference: the images the labels were drawn on. Prints the files written, one a line.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from imaging.cli import EXIT_DONE, EXIT_FINDINGS, EXIT_USAGE
from imaging.convert.codes import read_codes
from imaging.convert.job import FORMATS, IMAGE_FORMATS, LabelJob, convert_images, convert_labels, stem_of
from imaging.convert.labels import kind_of
from imaging.convert.reference import files_below, open_reference
from imaging.convert.series import unused_name
from imaging.errors import ImagingError, InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", nargs="+", type=Path, metavar="SRC", help="files or folders")
    parser.add_argument("--to", required=True, choices=FORMATS, help="what to write")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write to; made if absent")
    parser.add_argument("--reference", type=Path, metavar="SERIES", help="the DICOM series the labels belong to")
    parser.add_argument("--codes", type=Path, metavar="FILE", help="JSON that says what the labels mean")
    parser.add_argument(
        "--segmentation-type", choices=("BINARY", "FRACTIONAL", "LABELMAP"), default="BINARY", help="for --to seg"
    )
    parser.add_argument(
        "--datetime",
        type=datetime.fromisoformat,
        metavar="ISO",
        help="content date and time to write; the same sources and time give the same bytes (default: now)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def run(args: argparse.Namespace) -> int:
    written: list[Path] = []
    errors: list[ImagingError] = []
    try:
        files = files_below(args.sources)
        reference = None if args.reference is None else open_reference(args.reference)
        codes = None if args.codes is None else read_codes(args.codes)
        args.out.mkdir(parents=True, exist_ok=True)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    labels, images = _sorted_out(files)
    job = LabelJob(
        to=args.to,
        out_dir=args.out,
        reference=reference,
        codes=codes,
        segmentation_type=args.segmentation_type,
        content_datetime=args.datetime or datetime.now(UTC),
    )
    taken: set[str] = set()
    for path in labels:
        try:
            # Two folders may hold a file of one name: neither may overwrite the other.
            written += convert_labels(path, job, name=unused_name(stem_of(path), taken), progress=_progress)
        except ImagingError as error:
            errors.append(error)
    if images and (args.to in IMAGE_FORMATS or not labels):
        results, refused = convert_images(images, args.to, args.out, progress=_progress)
        written += results
        errors += [error for error in refused if not _is_bystander(error, args.sources)]
    _report(args.json, written, errors)
    return EXIT_FINDINGS if errors or not written else EXIT_DONE


def _sorted_out(files: list[Path]) -> tuple[list[Path], list[Path]]:
    """Label files and the rest, which may be images; what is not DICOM at all is reported when it is read."""
    labels: list[Path] = []
    images: list[Path] = []
    for path in files:
        try:
            (labels if kind_of(path) != "other" else images).append(path)
        except ImagingError:
            images.append(path)
    return labels, images


def _is_bystander(error: ImagingError, sources: list[Path]) -> bool:
    """A file that is no DICOM and was only found beside images, not asked for: a licence, a table."""
    return error.code == "not-dicom" and error.path is not None and Path(error.path) not in sources


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _report(as_json: bool, written: list[Path], errors: list[ImagingError]) -> None:
    for error in errors:
        print(f"error: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps({"written": [str(p) for p in written], "errors": [e.as_json() for e in errors]}))
    else:
        print("\n".join(str(path) for path in written))
