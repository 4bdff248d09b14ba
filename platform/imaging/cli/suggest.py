"""Suggest coded concepts for free-text labels, one line (or JSON object) per label."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from imaging.cli import EXIT_DONE, EXIT_FINDINGS, EXIT_USAGE
from imaging.errors import InputError
from imaging.terminology import suggest
from imaging.terminology.lexicon import LANGUAGES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="*", metavar="TEXT", help="a label")
    parser.add_argument("--file", type=Path, metavar="LIST", help="a file with one label per line")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    parser.add_argument("--limit", type=int, default=5, help="suggestions per label, default 5")
    parser.add_argument("--json", action="store_true", help="print one JSON object per label")


def run(args: argparse.Namespace) -> int:
    if bool(args.text) == bool(args.file) or args.limit < 1:
        print("error: give labels or --file, and a limit of 1 or more", file=sys.stderr)
        return EXIT_USAGE
    if args.file is not None and not args.file.is_file():
        print("error: there is no such file", file=sys.stderr)
        return EXIT_USAGE
    labels = args.text or [line for line in args.file.read_text("utf-8-sig").splitlines() if line.strip()]
    unanswered = 0
    for label in labels:
        answer = _answer(label, args)
        unanswered += not answer["suggestions"]
        print(json.dumps(answer, ensure_ascii=False) if args.json else _line(answer))
    print(f"{len(labels)} label(s), {unanswered} without a suggestion", file=sys.stderr)
    return EXIT_FINDINGS if unanswered else EXIT_DONE


def _answer(label: str, args: argparse.Namespace) -> dict[str, Any]:
    try:
        found = suggest(label, args.language, limit=args.limit)
    except InputError as error:
        return {"text": label, "suggestions": [], "refused": error.as_json()}
    return {"text": label, "suggestions": [suggestion.as_json() for suggestion in found]}


def _line(answer: dict[str, Any]) -> str:
    if not answer["suggestions"]:
        why = answer.get("refused", {}).get("detail") or "no suggestion"
        return f"{answer['text']}: {why}. {answer.get('refused', {}).get('remedy', '')}".rstrip()
    lines = [f"{answer['text']}:"]
    for one in answer["suggestions"]:
        side = f", {one['laterality']['meaning']}" if one["laterality"] else ""
        where = "" if one["in_dicom_set"] else " [outside the DICOM set]"
        code = f"{one['type']['meaning']} ({one['type']['value']}, {one['type']['scheme_designator']}){side}{where}"
        lines.append(f"    {one['score']:.2f}  {code}: {one['reason']}")
    return "\n".join(lines)
