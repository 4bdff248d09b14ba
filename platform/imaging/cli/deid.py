"""De-identify a folder of DICOM files under a policy.

Reads IN (a file or folder), writes OUT/<pseudonym>/<study>/<series>/<instance>.dcm. What cannot be let through is
withheld and listed with its reason. Run again after an interruption, it goes on where it stopped; the same inputs,
policy and key give the same bytes. Exit code 1 where something was withheld.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from imaging.deid import folder
from imaging.deid.classes import reason
from imaging.deid.folder import Outcome, Settings
from imaging.deid.policy import Policy, load_policy, ready_made
from imaging.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, metavar="IN", help="DICOM file or folder")
    parser.add_argument("output", type=Path, metavar="OUT", help="folder for the result")
    parser.add_argument("--policy", required=True, help=f"policy file, or one of: {', '.join(ready_made())}")
    parser.add_argument("--key", type=Path, required=True, help="file with the project key: 32 bytes or more, or hex")
    parser.add_argument(
        "--report", type=Path, help="folder for the manifest, the summary and the list of withheld files"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--no-pixel-check", action="store_true", help="attributes only; the output does not claim more")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def summarise(outcomes: list[Outcome], policy: Policy, seconds: float) -> dict[str, object]:
    """Counts by what happened, and how fast."""
    actions = Counter(change["action"] for outcome in outcomes for change in outcome.manifest)
    return {
        "policy": policy.name,
        "policy_digest": policy.digest,
        "files": len(outcomes),
        "written": sum(1 for outcome in outcomes if outcome.output),
        "withheld": dict(sorted(Counter(outcome.code for outcome in outcomes if outcome.code).items())),
        "changes": dict(sorted(actions.items())),
        "seconds": round(seconds, 3),
    }


def run(args: argparse.Namespace) -> int:
    policy = load_policy(args.policy)
    if not args.input.exists():
        raise InputError("The input does not exist", remedy="Check the path.", path=args.input)
    settings = Settings(
        policy=policy,
        key=read_key(args.key),
        out=args.output,
        root=args.input,
        check_pixels=not args.no_pixel_check,
    )
    started = reported = time.monotonic()
    groups, known = folder.plan(args.input)
    total = sum(len(group) for group in groups)
    outcomes: list[Outcome] = []
    for finished in folder.run(groups, known, settings, args.jobs):
        outcomes += finished
        if time.monotonic() - reported >= 1 or len(outcomes) == total:
            reported = time.monotonic()
            withheld = sum(1 for outcome in outcomes if outcome.code)
            print(f"{len(outcomes)}/{total} files, {withheld} withheld", file=sys.stderr, flush=True)
    summary = summarise(outcomes, policy, time.monotonic() - started)
    if args.report:
        write_report(args.report, outcomes, policy, summary)
    _print_summary(summary, as_json=args.json)
    return 1 if summary["withheld"] else 0


def read_key(path: Path) -> bytes:
    """The project key: the file's bytes, or the bytes that its hexadecimal text stands for."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError("The key file cannot be read", remedy="Check the path.", path=path) from error
    try:
        decoded = bytes.fromhex(data.decode("ascii").strip())
    except ValueError:
        decoded = data
    if len(decoded) < 32:
        raise InputError("The key is shorter than 32 bytes", remedy="Write 32 random bytes to it.", path=path)
    return decoded


def write_report(target: Path, outcomes: list[Outcome], policy: Policy, summary: dict[str, object]) -> None:
    """`summary.json`, `policy.txt`, `manifest.jsonl` (by output name) and `withheld.jsonl` (by input path)."""
    target.mkdir(parents=True, exist_ok=True)
    (target / "policy.txt").write_text(policy.as_text(), "utf-8")
    (target / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True) + "\n", "utf-8")
    with (target / "manifest.jsonl").open("w", encoding="utf-8") as handle:
        for outcome in sorted(outcomes, key=lambda o: o.output):
            if outcome.output:
                row = {"output": outcome.output, "sha256": outcome.sha256, "changes": outcome.manifest}
                handle.write(json.dumps(row, sort_keys=True) + "\n")
    with (target / "withheld.jsonl").open("w", encoding="utf-8") as handle:
        for outcome in sorted(outcomes, key=lambda o: o.path):
            if outcome.code:
                words = reason(outcome.code)
                row = {
                    "input": outcome.path,
                    "code": words.code,
                    "reason": words.reason,
                    "remedy": words.remedy,
                    "where": outcome.detail,
                }
                handle.write(json.dumps(row, sort_keys=True) + "\n")


def _print_summary(summary: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary, sort_keys=True))
        return
    print(f"{summary['written']} of {summary['files']} files written in {summary['seconds']} s")
    withheld = summary["withheld"]
    assert isinstance(withheld, dict)
    for code, count in withheld.items():
        words = reason(code)
        print(f"withheld {count}: {words.reason} ({code}). {words.remedy}")
