"""Find text burned into the pixels of DICOM files.

Reads IN (a file or folder), series by series, and lists what was found with a proposed verdict for each line. The text
itself may identify somebody: it is printed only with --show-text. Exit code 1 where something needs redaction or a
person.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import pydicom

from imaging.burnedin.boxes import Verdict
from imaging.burnedin.faces import face_risk
from imaging.burnedin.series import find_in_series
from imaging.burnedin.triage import Scrutiny, triage
from imaging.deid.folder import plan
from imaging.deid.identifiers import OriginalIdentifiers
from imaging.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, metavar="IN", help="DICOM file or folder")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--show-text", action="store_true", help="print what was read; it may identify a patient")


def run(args: argparse.Namespace) -> int:
    if not args.input.exists():
        raise InputError("The input does not exist", remedy="Check the path.", path=args.input)
    groups, known = plan(args.input)
    rows = []
    for number, group in enumerate(groups, 1):
        contents = [source.path.read_bytes() for source in group]
        row = inspect(contents, known.get(group[0].subject, OriginalIdentifiers()), show_text=args.show_text)
        if row is not None:
            rows.append({"files": [str(source.path) for source in group], **row})
        print(f"{number}/{len(groups)} series", file=sys.stderr, flush=True)
    print(json.dumps({"series": rows}, sort_keys=True) if args.json else _as_text(rows))
    return 1 if any(row["needs"] for row in rows) else 0


def inspect(contents: list[bytes], known: OriginalIdentifiers, *, show_text: bool) -> dict[str, Any] | None:
    """Triage and findings of one series; None where no file of it is a DICOM object."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        datasets = [pydicom.dcmread(io.BytesIO(data), force=True) for data in contents]
        datasets = [dataset for dataset in datasets if "SOPClassUID" in dataset]
        if not datasets:
            return None
        decision = triage(datasets)
        boxes = find_in_series(contents, known) if decision.scrutiny in {Scrutiny.READ, Scrutiny.PERSON} else []
    face = face_risk(datasets)
    needs = decision.scrutiny in {Scrutiny.PERSON, Scrutiny.DROP} or face.held
    needs = needs or any(box.verdict is not Verdict.KEEP for box in boxes)
    return {
        "scrutiny": decision.scrutiny,
        "reasons": list(decision.reasons),
        "face": {"held": face.held, "reason": face.reason},
        "needs": needs,
        "boxes": [_box(box, show_text) for box in boxes],
    }


def _box(box: Any, show_text: bool) -> dict[str, Any]:
    row = {"frame": box.frame, "x": box.x, "y": box.y, "w": box.w, "h": box.h}
    row |= {"score": round(box.score, 3), "reason": box.reason, "verdict": box.verdict}
    return row | ({"text": box.text} if show_text else {})


def _as_text(rows: list[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        lines.append(f"{row['files'][0]} ({len(row['files'])} files): {row['scrutiny']}, {', '.join(row['reasons'])}")
        for box in row["boxes"]:
            where = "all frames" if box["frame"] is None else f"frame {box['frame']}"
            place = f"{box['x']},{box['y']} {box['w']}x{box['h']}"
            lines.append(f"  {box['verdict']}: {where} {place}, {box['reason']} {box.get('text', '')}".rstrip())
    return "\n".join(lines)
