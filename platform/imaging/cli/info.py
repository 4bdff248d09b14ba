"""List series, volumes and geometry of DICOM files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from imaging.series import Series, UnreadableFile, VolumeStack, group, read_headers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Exit code 0; 1 where a file that claims to be DICOM cannot be read; 2 where a path does not exist."""
    files = list(files_of(args.paths))
    if not files:
        print("error: no files in the given paths", file=sys.stderr)
        return 2
    print(f"reading {len(files)} files", file=sys.stderr)
    headers = read_headers(files)
    unreadable = [h for h in headers if isinstance(h, UnreadableFile)]
    damaged = [h for h in unreadable if h.error.code != "not-dicom"]
    series = group(headers)
    damaged += [file for one in series for file in (*one.unreadable, *one.lacking_pixels)]
    if args.json:
        print(json.dumps(_as_json(series, unreadable, damaged), indent=2))
    else:
        _print_table(series, len(unreadable) - len([h for h in unreadable if h in damaged]), damaged)
    return 1 if damaged else 0


def files_of(paths: list[Path]) -> Iterator[Path]:
    """The files named, and all files below the folders named, in a stable order. Exits where a path is absent."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file())
        elif path.exists():
            yield path
        else:
            print(f"error: {path} does not exist", file=sys.stderr)
            raise SystemExit(2)


def _stack_json(stack: VolumeStack) -> dict[str, object]:
    fit = stack.fit
    first = stack.frames[0]
    return {
        "kind": stack.kind,
        "frames": len(stack.frames),
        "labels": stack.labels,
        "duplicates": len(stack.duplicates),
        "rows": first.rows,
        "columns": first.columns,
        "geometry": fit.geometry.as_json() if fit and fit.geometry else None,
        "regular": fit.is_regular if fit else None,
        "gaps_mm": [min(fit.gaps_mm), max(fit.gaps_mm)] if fit and fit.gaps_mm else None,
        "shear_mm": round(fit.shear_mm, 6) if fit else None,
        "transfer_syntaxes": sorted({frame.header.transfer_syntax_uid for frame in stack.frames}),
        "photometric_interpretation": first.header.photometric_interpretation,
        "bits_stored": first.header.bits_stored,
        "signed": first.header.pixel_representation == 1,
        "rescale": sorted({(frame.slope, frame.intercept) for frame in stack.frames})[:5],
    }


def _as_json(
    series: list[Series], unreadable: list[UnreadableFile], damaged: list[UnreadableFile]
) -> dict[str, object]:
    return {
        "series": [
            {
                "study_instance_uid": one.study_instance_uid,
                "series_instance_uid": one.series_instance_uid,
                "modality": one.modality,
                "instances": len(one.headers),
                "non_images": len(one.others),
                "repeated": len(one.repeated),
                "stacks": [_stack_json(stack) for stack in one.stacks],
            }
            for one in series
        ],
        "not_dicom": [file.path for file in unreadable if file.error.code == "not-dicom"],
        "errors": [file.error.as_json() for file in damaged],
    }


def _print_table(series: list[Series], foreign: int, damaged: list[UnreadableFile]) -> None:
    for one in series:
        others = f", {len(one.others)} without pixels" if one.others else ""
        repeated = f", {len(one.repeated)} received again" if one.repeated else ""
        print(f"{one.modality or '??':<9}{len(one.headers):>6} instances{others}{repeated}  {one.series_instance_uid}")
        for stack in one.stacks:
            print(f"    {_describe(stack)}")
    if foreign:
        print(f"{foreign} files are not DICOM")
    for file in damaged:
        print(f"error: {file.error}")


def _describe(stack: VolumeStack) -> str:
    first = stack.frames[0]
    size = f"{len(stack.frames)}×{first.rows}×{first.columns}"
    parts = [f"{stack.kind:<12} {size:<15}"]
    fit = stack.fit
    if fit is not None and fit.geometry is not None:
        parts.append("×".join(f"{s:.4g}" for s in fit.geometry.spacing_mm) + " mm")
        parts.append("from (" + ", ".join(f"{v:.1f}" for v in fit.geometry.origin_lps) + ")")
        if not fit.is_regular:
            parts.append(f"IRREGULAR: gaps {min(fit.gaps_mm):.3f} to {max(fit.gaps_mm):.3f} mm")
        elif fit.shear_mm > 0.01 and len(stack.frames) > 1:
            parts.append(f"tilted {fit.shear_mm:.2f} mm per slice")
    if stack.labels:
        parts.append(" ".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in stack.labels.items()))
    if stack.duplicates:
        parts.append(f"{len(stack.duplicates)} duplicates")
    return "  ".join(parts)
