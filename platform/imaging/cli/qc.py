"""Check the quality of series: findings, consequences, remedies."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from pathlib import Path

from imaging.cli.info import files_of
from imaging.quality import QualityReport, check_series
from imaging.quality.report import SEVERITIES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--no-pixels", action="store_true", help="check headers only")
    parser.add_argument(
        "--fail-on",
        choices=SEVERITIES,
        default="warning",
        help="the least severity that makes the exit code 1 (default: warning)",
    )


def run(args: argparse.Namespace) -> int:
    """Exit code 0 where nothing grave enough was found, 1 where something was, 2 for usage."""
    files = list(files_of(args.paths))
    if not files:
        print("error: no files in the given paths", file=sys.stderr)
        return 2
    report = check_series(
        files, progress=None if args.json and not sys.stderr.isatty() else _progress, pixels=not args.no_pixels
    )
    if args.json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        _print_report(report)
    grave = SEVERITIES[SEVERITIES.index(args.fail_on) :]
    return 1 if report.worst in grave else 0


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\rchecked {done} of {total}", end="\n" if done == total else "", file=sys.stderr, flush=True)
    elif done == total or done % 500 == 0:
        print(f"checked {done} of {total}", file=sys.stderr)


def _print_report(report: QualityReport) -> None:
    print(
        f"{report.instances} instances, {report.series} series, {report.volumes} volumes, "
        f"{report.frames} frames decoded, {report.unreadable} files unreadable"
    )
    if not report.findings:
        print("nothing found")
    for finding in report.findings:
        count = f" ({len(finding.affected)} instances)" if finding.affected else ""
        print(f"\n{finding.severity.upper():<9}{finding.code}{count}\n{_lines('', finding.title)}")
        if finding.evidence:
            shown = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in finding.evidence.items())
            print(_lines("", textwrap.shorten(shown, 300, placeholder=" …")))
        print(_lines("means  ", finding.consequence))
        print(_lines("do     ", finding.remedy))
        for proposal in finding.proposals[:3]:
            print(_lines("propose  ", f"{proposal.keyword}: {proposal.before or '(absent)'} → {proposal.after}"))
        if len(finding.proposals) > 3:
            print(f"    … and {len(finding.proposals) - 3} more proposals (see --json)")


def _lines(label: str, text: str) -> str:
    indent = " " * (4 + len(label))
    return textwrap.fill(text, 110, initial_indent=f"    {label}", subsequent_indent=indent)
