"""De-identifying a folder: series by series, resumable, the same bytes whatever the number of processes."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pydicom

from imaging.deid.actions import Option
from imaging.deid.classes import reason
from imaging.deid.deidentify import deidentify
from imaging.deid.identifiers import OriginalIdentifiers, collect_identifiers
from imaging.deid.keys import SubjectKeys, subject_secret
from imaging.deid.policy import Policy
from imaging.deid.residual import find_residuals
from imaging.deid.result import DeidResult, PixelCheck, withhold

JOURNAL = ".deid-journal.jsonl"
_HEADER = [
    "PatientID",
    "PatientName",
    "IssuerOfPatientID",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientBirthDate",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "AccessionNumber",
    "ReferringPhysicianName",
]


@dataclass(frozen=True)
class Source:
    """One input file: where it is, and to which subject and series its header says it belongs."""

    path: Path
    subject: str
    issuer: str
    series: str


@dataclass(frozen=True)
class Outcome:
    """What became of one file. `token` stands for the input in the journal; `output` is relative to OUT."""

    path: str
    token: str
    output: str
    sha256: str
    code: str
    detail: list[str] = field(default_factory=list)
    manifest: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Settings:
    """What a worker process needs besides the files."""

    policy: Policy
    key: bytes
    out: Path
    root: Path
    check_pixels: bool


def plan(root: Path) -> tuple[list[list[Source]], dict[str, OriginalIdentifiers]]:
    """The files under `root`, sorted and grouped by series, and what the headers say about each subject."""
    series: dict[tuple[str, str, str], list[Source]] = defaultdict(list)
    known: dict[str, OriginalIdentifiers] = {}
    for path in sorted(_files(root)):
        source, identifiers = _source(path)
        series[source.subject, source.issuer, source.series].append(source)
        if identifiers is not None:
            known[source.subject] = known.get(source.subject, OriginalIdentifiers()).merged(identifiers)
    return list(series.values()), known


def run(
    groups: list[list[Source]], known: dict[str, OriginalIdentifiers], settings: Settings, jobs: int
) -> Iterator[list[Outcome]]:
    """De-identify every series that the journal does not have yet; yields the outcomes of one series at a time.

    Outcomes are journalled before they are yielded, so a killed run goes on where it stopped.
    """
    settings.out.mkdir(parents=True, exist_ok=True)
    done = read_journal(settings)
    waiting = []
    for group in groups:
        finished = [done.get(token(source.path, settings)) for source in group]
        if all(finished):
            yield [outcome for outcome in finished if outcome is not None]
        else:
            waiting.append((group, known.get(group[0].subject, OriginalIdentifiers()), settings))
    with (settings.out / JOURNAL).open("a", encoding="utf-8") as journal:
        for outcomes in _map(waiting, jobs):
            for outcome in outcomes:
                journal.write(json.dumps(asdict(outcome) | {"path": ""}, sort_keys=True) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
            yield outcomes


def read_journal(settings: Settings) -> dict[str, Outcome]:
    """Outcomes of an earlier run under the same policy and key whose output is still what was written."""
    path = settings.out / JOURNAL
    outcomes: dict[str, Outcome] = {}
    if not path.exists():
        return outcomes
    for line in path.read_text("utf-8").splitlines():
        try:
            outcome = Outcome(**json.loads(line))
        except (ValueError, TypeError):
            continue  # the line that was being written when the run was killed
        if not outcome.output or _digest_of(settings.out / outcome.output) == outcome.sha256:
            outcomes[outcome.token] = outcome
    return outcomes


def token(path: Path, settings: Settings) -> str:
    """A keyed digest of the input's place, size and time, the policy and the check: file names may hold identifiers."""
    stat = path.stat()
    place = str(path.relative_to(settings.root)) if path != settings.root else path.name
    text = f"{place}\0{stat.st_size}\0{stat.st_mtime_ns}\0{settings.policy.digest}\0{settings.check_pixels}"
    return hmac.new(settings.key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def _map(waiting: list[tuple[list[Source], OriginalIdentifiers, Settings]], jobs: int) -> Iterator[list[Outcome]]:
    if jobs <= 1 or len(waiting) < 2:
        yield from map(_run_series, waiting)
        return
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        yield from pool.map(_run_series, waiting)


def _run_series(work: tuple[list[Source], OriginalIdentifiers, Settings]) -> list[Outcome]:
    group, known, settings = work
    keys = SubjectKeys(subject_secret(settings.key, group[0].subject, group[0].issuer))
    contents = [source.path.read_bytes() for source in group]
    checked = _check_pixels(contents, known, settings)
    outcomes = []
    written: dict[str, str] = {}
    for source, (data, pixels, refusal) in zip(group, checked, strict=True):
        if refusal:
            words = reason(refusal)
            result = withhold(words.code, words.reason, words.remedy)
            outcomes.append(_outcome(source, settings, result, "", []))
            continue
        result = deidentify(data, settings.policy, keys, identifiers=known, pixels=pixels)
        outcomes.append(_finish(source, data, result, known, keys, settings, written))
    return outcomes


def _check_pixels(
    contents: list[bytes], known: OriginalIdentifiers, settings: Settings
) -> list[tuple[bytes, PixelCheck | None, str]]:
    """Per file: the bytes to go on with (redacted where need be), what is known of the pixels, a refusal code."""
    if not settings.check_pixels or Option.CLEAN_PIXEL_DATA not in settings.policy.options:
        return [(data, None, "") for data in contents]
    from imaging.burnedin.series import check_series  # slow to load, and only here

    return [
        (checked.data, PixelCheck(text_free=True) if checked.text_free else None, checked.refusal)
        for checked in check_series(contents, known)
    ]


def _finish(
    source: Source,
    data: bytes,
    result: DeidResult,
    known: OriginalIdentifiers,
    keys: SubjectKeys,
    settings: Settings,
    written: dict[str, str],
) -> Outcome:
    if result.withheld is not None:
        return _outcome(source, settings, result, "", [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        identifiers = collect_identifiers(pydicom.dcmread(io.BytesIO(data), force=True)).merged(known)
    residuals = find_residuals(result.file_bytes, identifiers.without_kept(settings.policy))
    if residuals:
        words = reason("residual-identifier")
        refused = withhold(words.code, words.reason, words.remedy)
        return _outcome(source, settings, refused, "", [f"{r.where} {r.kind}" for r in residuals])
    name = f"{keys.pseudonym()}/{result.study_instance_uid or 'study'}/{result.series_instance_uid or 'series'}"
    output = f"{name}/{result.sop_instance_uid}.dcm"
    digest = hashlib.sha256(result.file_bytes).hexdigest()
    if written.get(output, digest) != digest:
        words = reason("duplicate-instance")
        return _outcome(source, settings, withhold(words.code, words.reason, words.remedy), "", [])
    written[output] = digest
    _write(settings.out / output, result.file_bytes)
    return _outcome(source, settings, result, output, [])


def _outcome(source: Source, settings: Settings, result: DeidResult, output: str, detail: list[str]) -> Outcome:
    return Outcome(
        path=str(source.path),
        token=token(source.path, settings),
        output=output,
        sha256=hashlib.sha256(result.file_bytes).hexdigest() if output else "",
        code=result.withheld.code if result.withheld else "",
        detail=detail,
        manifest=[asdict(change) for change in result.manifest],
    )


def _write(path: Path, data: bytes) -> None:
    """All or nothing: a killed process leaves no half file under a final name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as handle:
        handle.write(data)
        handle.flush()
    os.replace(partial, path)


def _digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _files(root: Path) -> Iterable[Path]:
    if root.is_file():
        return [root]
    return [path for path in root.rglob("*") if path.is_file()]


def _source(path: Path) -> tuple[Source, OriginalIdentifiers | None]:
    header = _header(path)
    if header is None:
        return Source(path, f"file:{path.name}", "", path.name), None
    subject = str(header.get("PatientID") or "").strip()
    study = str(header.get("StudyInstanceUID") or "")
    return (
        Source(
            path,
            subject or f"study:{study}" or f"file:{path.name}",
            str(header.get("IssuerOfPatientID") or ""),
            str(header.get("SeriesInstanceUID") or path.name),
        ),
        collect_identifiers(header),
    )


def _header(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pydicom.dcmread(path, force=True, specific_tags=_HEADER, stop_before_pixels=True)
        except Exception:  # not DICOM: it is withheld when its turn comes
            return None
