"""Whether files can be read: bytes, structure, value representations, required attributes, pixel data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from imaging.quality.attributes import MissingAttribute
from imaging.quality.classes import SINGLE_FRAME_CLASS
from imaging.quality.facts import Facts
from imaging.quality.report import Finding, Proposal, Severity
from imaging.quality.subject import Subject, names_of

_STRUCTURE: dict[str, tuple[str, Severity, str, str, str]] = {
    # issue → code, severity, title, consequence, remedy
    "preamble-missing": (
        "preamble-missing",
        "warning",
        "Files without the DICOM preamble",
        "Programs that keep to PS3.10 refuse them.",
        "Accept: the platform reads them and keeps the original bytes.",
    ),
    "file-meta-missing": (
        "file-meta-missing",
        "warning",
        "Files without file meta information",
        "Their encoding had to be inferred.",
        "Compare one image with the original system before trusting the series.",
    ),
    "transfer-syntax-missing": (
        "transfer-syntax-missing",
        "warning",
        "The transfer syntax is not stated",
        "The encoding had to be inferred from the first element.",
        "Compare one image with the original system before trusting the series.",
    ),
    "transfer-syntax-contradicts-encoding": (
        "transfer-syntax-wrong",
        "error",
        "The stated transfer syntax is not the one the file is written in",
        "Other programs misread the file or refuse it.",
        "Ask the sender to export again.",
    ),
    "wrong-vr": (
        "wrong-vr",
        "warning",
        "Elements with another value representation than the standard gives them",
        "Other programs may read those values differently.",
        "Check the named attributes; ask the sender's vendor for a correction.",
    ),
    "bad-value": (
        "bad-value",
        "warning",
        "Values that break the format of their value representation",
        "Such values may be dropped or misread, above all dates, numbers and identifiers.",
        "Check the named attributes with the sender.",
    ),
    "not-a-number": (
        "not-a-number",
        "error",
        "Numbers that are not numbers",
        "Positions, spacings or counts that depend on them cannot be used.",
        "Ask the sender to export again.",
    ),
    "wrong-length": (
        "wrong-length",
        "error",
        "Binary values of the wrong length",
        "The values cannot be used.",
        "Ask the sender to export again.",
    ),
    "trailing-bytes": (
        "trailing-bytes",
        "warning",
        "Bytes after the last element that are not DICOM",
        "Something was appended or the file is damaged; appended bytes may identify a patient.",
        "Look at the end of the file before releasing it.",
    ),
}
_FOREIGN_SUFFIXES = frozenset(
    {".csv", ".gz", ".htm", ".html", ".inf", ".jpg", ".json", ".log", ".md", ".nii", ".nrrd", ".pdf", ".png", ".py"}
    | {".sha256", ".tsv", ".txt", ".xlsx", ".xml", ".yaml", ".yml", ".zip"}
)
_PIXELS: dict[str, str] = {
    "pixel-data-short": "pixel-data-short",
    "pixel-data-long": "pixel-data-long",
    "frame-size-mismatch": "pixel-size-mismatch",
    "absurd-size": "absurd-size",
    "truncated-codestream": "truncated",
}


def check_files(subject: Subject) -> Iterator[Finding]:
    """Everything that keeps a file, or part of it, from being read."""
    yield from _unreadable(subject)
    yield from _structure(subject)
    yield from _missing(subject)
    yield from _pixel_errors(subject)
    yield from _without_pixels(subject)
    yield from _unread_frames(subject)
    yield from _unknown_classes(subject)


def _unreadable(subject: Subject) -> Iterator[Finding]:
    by_code: dict[str, list[int]] = defaultdict(list)
    details: dict[str, tuple[str, str]] = {}
    for index, file in subject.unreadable:
        code = "foreign-file" if file.error.code == "not-dicom" and _is_foreign(file.path) else file.error.code
        by_code[code].append(index)
        details[code] = (file.error.detail, file.error.remedy)
    for one in subject.facts:
        if one.dataset_error is not None:
            by_code[one.dataset_error.code].append(one.index)
            details[one.dataset_error.code] = (one.dataset_error.detail, one.dataset_error.remedy)
    severities: dict[str, Severity] = {"foreign-file": "info", "not-dicom": "warning"}
    for code, indices in by_code.items():
        yield Finding(
            code=code if code in severities else "unreadable",
            severity=severities.get(code, "critical"),
            title=details[code][0],
            affected=tuple(f"#{index}" for index in indices),
            evidence={"files": len(indices), "reason": code},
            consequence="They are not part of any series." if code in severities else "Part of the study is lost.",
            remedy=details[code][1],
        )


def _is_foreign(path: str | None) -> bool:
    """Whether a file's name says that it was never meant to be DICOM."""
    return path is not None and Path(path).suffix.lower() in _FOREIGN_SUFFIXES


def _structure(subject: Subject) -> Iterator[Finding]:
    found: dict[str, list[Facts]] = defaultdict(list)
    tags: dict[str, set[str]] = defaultdict(set)
    for one in subject.facts:
        for issue, tag in {*one.header.issues, *one.format_problems}:
            if issue in _STRUCTURE:
                found[issue].append(one)
                tags[issue].add(tag)
    for issue, members in found.items():
        code, severity, title, consequence, remedy = _STRUCTURE[issue]
        names = names_of(members)
        evidence: dict[str, object] = {"instances": len(names), "tags": sorted(t for t in tags[issue] if t)}
        yield Finding(code, severity, title, names, evidence, consequence, remedy)


def _missing(subject: Subject) -> Iterator[Finding]:
    """One finding for each set of instances that lack the same attributes."""
    lacking: dict[tuple[str, str, tuple[str, ...]], list[MissingAttribute]] = defaultdict(list)
    members: dict[tuple[str, str, MissingAttribute], list[Facts]] = defaultdict(list)
    for one in subject.facts:
        for attribute in one.missing:
            members[(attribute.kind, attribute.problem, attribute)].append(one)
    for (kind, problem, attribute), facts in members.items():
        lacking[(kind, problem, names_of(facts))].append(attribute)
    for (kind, problem, names), attributes in lacking.items():
        shown = [" > ".join([*a.path, a.keyword]) for a in attributes]
        yield Finding(
            code=f"type-{kind}-{problem}",
            severity="warning" if kind == "1" else "info",
            title=f"Attributes of type {kind} are {problem}: {', '.join(shown)}",
            affected=names,
            evidence={"instances": len(names), "attributes": shown, "tags": [a.tag for a in attributes]},
            consequence="The object does not conform; software that relies on the attributes may refuse it."
            if kind == "1"
            else "The object does not conform; the attributes should be there, even if empty.",
            remedy="Ask the sender to fill them, or accept that conversions will complete them.",
        )


def _pixel_errors(subject: Subject) -> Iterator[Finding]:
    found: dict[tuple[str, str], list[Facts]] = defaultdict(list)
    for one in subject.facts:
        truncated = any(issue == "pixel-data-truncated" for issue, _ in one.header.issues)
        if one.pixel_error is not None:
            code = "truncated" if truncated else _PIXELS.get(one.pixel_error.code, "pixels-undecodable")
            found[(code, one.pixel_error.detail)].append(one)
        elif truncated:
            found[("truncated", "The file ends inside its pixel data")].append(one)
    for (code, detail), members in found.items():
        yield Finding(
            code=code,
            severity="critical",
            title=detail,
            affected=names_of(members),
            evidence={"instances": len(members)},
            consequence="These images cannot be shown or measured; a volume made without them would be wrong.",
            remedy="Ask the sender for the files again; compare size and checksum with the original.",
        )


def _without_pixels(subject: Subject) -> Iterator[Finding]:
    members = [f for f in subject.facts if f.header.lacks_pixels]
    if members:
        yield Finding(
            code="pixels-missing",
            severity="critical",
            title="Files that claim to be images, or do not say what they are, have no pixels",
            affected=names_of(members),
            evidence={"tag": "(7FE0,0010)", "instances": len(members)},
            consequence="They cannot be shown; a volume would lack these slices.",
            remedy="Ask the sender for the files again: they were probably cut short.",
        )


def _unread_frames(subject: Subject) -> Iterator[Finding]:
    for series in subject.series:
        for file in series.unreadable:
            name = next((f.name for f in subject.facts if f.header.source is file.source), "")
            yield Finding(
                code="frames-undescribed",
                severity="critical",
                title=file.error.detail,
                affected=(name,) if name else (),
                evidence={"tag": file.error.tag or "", "reason": file.error.code},
                consequence="The frames of the object cannot be placed.",
                remedy=file.error.remedy,
            )


def _unknown_classes(subject: Subject) -> Iterator[Finding]:
    members = [f for f in subject.facts if not f.header.sop_class_uid and f.dataset_error is None]
    if members:
        yield Finding(
            code="sop-class-missing",
            severity="error",
            title="SOPClassUID is missing",
            affected=names_of(members),
            evidence={"instances": len(members)},
            consequence="What kind of object this is must be inferred; most archives refuse it.",
            remedy="Check the proposed class, or ask the sender for the original.",
            proposals=tuple(_class_proposals(members)),
        )


def _class_proposals(members: list[Facts]) -> Iterator[Proposal]:
    by_class: dict[str, list[Facts]] = defaultdict(list)
    for one in members:
        guess = one.meta_sop_class_uid or SINGLE_FRAME_CLASS.get(one.header.modality, "")
        if guess and one.header.is_image:
            by_class[guess].append(one)
    for guess, group in by_class.items():
        yield Proposal("(0008,0016)", "SOPClassUID", None, guess, names_of(group))
