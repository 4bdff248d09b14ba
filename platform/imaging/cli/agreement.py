"""Measure how far raters agree: every coefficient that fits, with intervals, percent agreement and prevalence.

RATINGS.csv has the columns item, rater, rating; an empty rating is missing. With --table it is a square table of counts,
rows the first rater, columns the second, with or without names.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from imaging import ENGINE_VERSION
from imaging.agreement import (
    AgreementReport,
    Ratings,
    agreement_report,
    ratings_from_contingency,
    ratings_from_records,
)
from imaging.cli import EXIT_DONE, EXIT_USAGE
from imaging.cli._tables import numbers_where_possible, read_columns, read_rows
from imaging.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ratings", type=Path, metavar="RATINGS.csv")
    parser.add_argument("--table", action="store_true", help="the file is a contingency table of two raters")
    parser.add_argument("--categories", metavar="A,B,…", help="all categories in rank order, also unused ones")
    parser.add_argument("--confidence", type=float, default=0.95)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    if not args.ratings.is_file():
        print("error: there is no such file", file=sys.stderr)
        return EXIT_USAGE
    ratings = _contingency(args) if args.table else _records(args)
    print(f"{ratings.n_items} item(s), {ratings.codes.shape[1]} raters", file=sys.stderr)
    report = agreement_report(ratings, confidence=args.confidence)
    if args.json:
        print(json.dumps({"engine_version": ENGINE_VERSION, **report.as_json()}))
    else:
        _print_table(report)
    return EXIT_DONE


def _records(args: argparse.Namespace) -> Ratings:
    columns = read_columns(args.ratings, ("item", "rater", "rating"))
    categories = None if args.categories is None else numbers_where_possible(args.categories.split(","))
    ratings = numbers_where_possible(columns["rating"])
    return ratings_from_records(zip(columns["item"], columns["rater"], ratings, strict=True), categories)


def _contingency(args: argparse.Namespace) -> Ratings:
    rows = read_rows(args.ratings)
    names: list[str] | None = None
    if rows and not all(_is_count(cell) for cell in rows[0][1:] or rows[0]):
        names, rows = rows[0], rows[1:]
    if rows and not _is_count(rows[0][0]):
        rows = [row[1:] for row in rows]
    if names is not None and rows:
        names = names[-len(rows[0]) :]
    wanted = args.categories.split(",") if args.categories else names
    try:
        counts = [[float(cell) for cell in row] for row in rows]
    except ValueError:
        raise InputError("A count is no number", remedy="Give whole numbers.", code="count-invalid") from None
    return ratings_from_contingency(counts, None if wanted is None else numbers_where_possible(wanted))


def _is_count(cell: str) -> bool:
    return cell.strip().replace(".", "", 1).isdigit()


def _print_table(report: AgreementReport) -> None:
    shares = ", ".join(f"{category} {part:.1%}" for category, part in report.prevalence.items())
    print(f"{report.n_items} items, {report.n_raters} raters, {report.n_missing} missing ratings; prevalence {shares}")
    rows = {"percent agreement": report.percent_agreement, **report.coefficients, **report.icc}
    if report.bland_altman is not None:
        limits = report.bland_altman
        rows |= {"bias": limits.bias, "lower limit": limits.lower_limit, "upper limit": limits.upper_limit}
    for name, estimate in rows.items():
        print(f"{name:32} {estimate!s:40} {estimate.definition_id}, {estimate.method}")
