"""Measure detection: AUC with DeLong intervals, paired tests between tests, operating points.

SCORES.csv has the columns case, truth (0 or 1), score, and optionally test (several scores per case) and patient (several
cases per patient: adds an interval by bootstrap over patients). A higher score means disease.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imaging import ENGINE_VERSION
from imaging.cli import EXIT_DONE, EXIT_USAGE
from imaging.cli._tables import numbers_where_possible, read_columns
from imaging.detection import (
    auc,
    auc_by_patient,
    compare_auc,
    operating_points,
    point_at_sensitivity,
    point_at_specificity,
    youden_points,
)
from imaging.errors import InputError


@dataclass(frozen=True)
class _Test:
    cases: dict[str, tuple[float, float, str]]  # case → truth, score, patient

    @property
    def truth(self) -> list[float]:
        return [truth for truth, _, _ in self.cases.values()]

    @property
    def scores(self) -> list[float]:
        return [score for _, score, _ in self.cases.values()]

    @property
    def patients(self) -> list[str]:
        return [patient for _, _, patient in self.cases.values()]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", type=Path, metavar="SCORES.csv")
    parser.add_argument("--confidence", type=float, default=0.95)
    parser.add_argument("--sensitivity", type=float, default=0.9, help="operating point at least this sensitive")
    parser.add_argument("--specificity", type=float, default=0.9, help="operating point at least this specific")
    parser.add_argument("--curve", action="store_true", help="all operating points, not only the chosen ones")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    if not args.scores.is_file():
        print("error: there is no such file", file=sys.stderr)
        return EXIT_USAGE
    tests = _tests(args.scores)
    print(f"{len(tests)} test(s)", file=sys.stderr)
    content = {
        "engine_version": ENGINE_VERSION,
        "tests": {name: _single(test, args) for name, test in tests.items()},
        "comparisons": [_paired(one, other, tests, args.confidence) for one, other in itertools.combinations(tests, 2)],
    }
    if args.json:
        print(json.dumps(content))
    else:
        _print_table(content)
    return EXIT_DONE


def _tests(path: Path) -> dict[str, _Test]:
    columns = read_columns(path, ("case", "truth", "score"), ("test", "patient"))
    truths, scores = _floats(columns["truth"], "truth"), _floats(columns["score"], "score")
    names = columns.get("test", ["score"] * len(truths))
    patients = columns.get("patient", columns["case"])
    tests: dict[str, _Test] = {}
    for case, truth, score, name, patient in zip(columns["case"], truths, scores, names, patients, strict=True):
        cases = tests.setdefault(name, _Test({})).cases
        if case in cases:
            raise InputError("A case is scored twice by one test", remedy="Keep one score.", code="case-twice")
        cases[case] = (truth, score, patient)
    if not tests:
        raise InputError("The table has no rows", remedy="Give one row per case.", code="empty-table", path=path)
    return tests


def _floats(cells: list[str], column: str) -> list[float]:
    values = numbers_where_possible(cells)
    if not all(isinstance(value, int | float) for value in values):
        raise InputError(f"The column {column} holds no number in some row", remedy="Fill it.", code="not-finite")
    return [float(str(value)) for value in values]


def _single(test: _Test, args: argparse.Namespace) -> dict[str, Any]:
    points = operating_points(test.truth, test.scores, confidence=args.confidence)
    content: dict[str, Any] = {
        "n_cases": len(test.cases),
        "n_diseased": int(sum(test.truth)),
        "auc": auc(test.truth, test.scores, confidence=args.confidence).as_json(),
        "operating_points": {
            "youden": [point.as_json() for point in youden_points(points)],
            f"specificity>={args.specificity:g}": point_at_specificity(points, args.specificity).as_json(),
            f"sensitivity>={args.sensitivity:g}": point_at_sensitivity(points, args.sensitivity).as_json(),
        },
    }
    if len(set(test.patients)) < len(test.cases):
        content["auc_by_patient"] = auc_by_patient(
            test.truth, test.scores, test.patients, confidence=args.confidence
        ).as_json()
    if args.curve:
        content["curve"] = [point.as_json() for point in points]
    return content


def _paired(one: str, other: str, tests: dict[str, _Test], confidence: float) -> dict[str, Any]:
    a, b = tests[one].cases, tests[other].cases
    common = [case for case in a if case in b]
    if any(a[case][0] != b[case][0] for case in common):
        raise InputError("Two rows give one case another truth", remedy="Correct the truth.", code="truth-contradicts")
    if not common:
        raise InputError("Two tests have no case in common", remedy="Compare them unpaired.", code="no-common-case")
    truth = [a[case][0] for case in common]
    compared = compare_auc(
        truth, [a[case][1] for case in common], [b[case][1] for case in common], confidence=confidence
    )
    return {"tests": [one, other], "n_cases": len(common), **compared.as_json()}


def _print_table(content: dict[str, Any]) -> None:
    for name, test in content["tests"].items():
        print(f"{name}: {test['n_cases']} cases, {test['n_diseased']} with disease; AUC {_shown(test['auc'])}")
        if "auc_by_patient" in test:
            print(f"    by patient: AUC {_shown(test['auc_by_patient'])}")
        for title, points in test["operating_points"].items():
            for point in points if isinstance(points, list) else [points]:
                rates = f"sensitivity {_shown(point['sensitivity'])}, specificity {_shown(point['specificity'])}"
                print(f"    {title}: threshold {point['threshold']}, {rates}")
    for pair in content["comparisons"]:
        p_value = "not defined" if pair["p_value"] is None else f"{pair['p_value']:.4g}"
        print(f"{' − '.join(pair['tests'])}: {_shown(pair['difference'])}, p {p_value} (DeLong, paired)")


def _shown(estimate: dict[str, Any]) -> str:
    if estimate["value"] is None:
        return "not defined"
    interval = "no interval" if estimate["low"] is None else f"{estimate['low']:.4f} to {estimate['high']:.4f}"
    return f"{estimate['value']:.4f} ({interval})"
