"""Who and what instances say they belong to: patient, study, series, instance identifiers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator

from imaging.quality.facts import Facts
from imaging.quality.report import Finding
from imaging.quality.subject import Subject, grouped, minority, names_of

_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")


def check_identity(subject: Subject) -> Iterator[Finding]:
    """Identifiers that are missing, malformed, shared by what differs, or different in what belongs together."""
    yield from _patients(subject)
    yield from _series_in_studies(subject)
    yield from _several_series(subject)
    yield from _bad_uids(subject)
    yield from _duplicate_uids(subject)
    yield from _meta(subject)
    yield from _same_uid_roles(subject)
    yield from _study_dates(subject)


def _patients(subject: Subject) -> Iterator[Finding]:
    """A study belongs to one patient; identity is compared as digests of normalised values."""
    for members in grouped(subject.facts, lambda f: f.header.study_instance_uid).values():
        differing: dict[str, object] = {}
        foreign: list[Facts] = []
        for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"):
            stated = [one for one in members if keyword in one.person]
            groups = grouped(stated, lambda f, k=keyword: f.person[k])  # type: ignore[misc]  # mypy cannot infer the default
            if len(groups) > 1:
                differing[keyword] = f"{len(groups)} values"
                foreign += minority(groups)
        if differing:
            yield Finding(
                code="patient-mix-up",
                severity="critical",
                title="One study holds instances of different patients",
                affected=names_of(foreign),
                evidence={"differs": differing, "instances": len(members)},
                consequence="A finding could be ascribed to the wrong person.",
                remedy="Refuse the study; ask the sender which instances belong together.",
            )


def _series_in_studies(subject: Subject) -> Iterator[Finding]:
    checks = (
        ("study_instance_uid", "StudyInstanceUID", "(0020,000D)", "series-in-several-studies", "critical"),
        ("modality", "Modality", "(0008,0060)", "series-of-several-modalities", "error"),
        ("sop_class_uid", "SOPClassUID", "(0008,0016)", "series-of-several-classes", "warning"),
        ("series_number", "SeriesNumber", "(0020,0011)", "series-number-differs", "warning"),
    )
    by_series = grouped(
        [f for f in subject.facts if f.header.series_instance_uid], lambda f: f.header.series_instance_uid
    )
    for members in by_series.values():
        for attribute, keyword, tag, code, severity in checks:
            groups = grouped(members, lambda f, a=attribute: getattr(f.header, a))  # type: ignore[misc]  # as above
            if len(groups) > 1:
                yield Finding(
                    code=code,
                    severity="critical" if severity == "critical" else "error" if severity == "error" else "warning",
                    title=f"Instances of one series differ in {keyword}",
                    affected=names_of(minority(groups)),
                    evidence={"tag": tag, "values": len(groups), "counts": sorted(map(len, groups.values()))},
                    consequence="The series mixes images that do not belong together.",
                    remedy="Ask the sender to export the series again; do not merge by hand.",
                )


def _several_series(subject: Subject) -> Iterator[Finding]:
    groups = grouped(subject.facts, lambda f: f.header.series_instance_uid)
    if len(groups) > 1:
        yield Finding(
            code="mixed-series",
            severity="info",
            title=f"The sources hold {len(groups)} series",
            affected=(),
            evidence={
                "series": len(groups),
                "instances": sorted(map(len, groups.values()), reverse=True)[:100],
                "studies": len({f.header.study_instance_uid for f in subject.facts}),
            },
            consequence="Each series is checked by itself.",
            remedy="Nothing, if a whole study was meant.",
        )


def _bad_uids(subject: Subject) -> Iterator[Finding]:
    names = (
        ("sop_instance_uid", "SOPInstanceUID", "(0008,0018)"),
        ("series_instance_uid", "SeriesInstanceUID", "(0020,000E)"),
        ("study_instance_uid", "StudyInstanceUID", "(0020,000D)"),
    )
    for attribute, keyword, tag in names:
        absent = [f for f in subject.facts if not getattr(f.header, attribute) and f.header.modality != ""]
        malformed = [
            f for f in subject.facts if getattr(f.header, attribute) and not _valid(getattr(f.header, attribute))
        ]
        for members, problem in ((absent, "missing"), (malformed, "malformed")):
            if members:
                yield Finding(
                    code=f"uid-{problem}",
                    severity="error",
                    title=f"{keyword} is {problem}",
                    affected=tuple(f"#{one.index}" for one in members),
                    evidence={"tag": tag, "instances": len(members)},
                    consequence="The instances cannot be told apart or grouped with certainty.",
                    remedy="Ask the sender to export again; a UID must not be invented for someone else's object.",
                )


def _valid(uid: str) -> bool:
    return len(uid) <= 64 and _UID.fullmatch(uid) is not None


def _duplicate_uids(subject: Subject) -> Iterator[Finding]:
    groups = grouped([f for f in subject.facts if f.header.sop_instance_uid], lambda f: f.header.sop_instance_uid)
    same: list[Facts] = []
    different: list[Facts] = []
    for members in groups.values():
        if len(members) > 1:
            (same if len({_content(one) for one in members}) == 1 else different).extend(members)
    for members, identical in ((same, True), (different, False)):
        if members:
            yield Finding(
                code="duplicate-instance" if identical else "duplicate-uid",
                severity="warning" if identical else "critical",
                title="The same instance was received more than once"
                if identical
                else "Different images share one SOP Instance UID",
                affected=names_of(members),
                evidence={
                    "files": len(members),
                    "uids": len(names_of(members)),
                    "indices": [m.index for m in members][:200],
                },
                consequence="It is used once."
                if identical
                else "One of them would overwrite the other in every archive.",
                remedy="Nothing." if identical else "Ask the sender to export the series again.",
            )


def _content(one: Facts) -> Hashable:
    header = one.header
    return (header.position_lps, header.rows, header.columns, tuple(frame.digest for frame in one.frames))


def _meta(subject: Subject) -> Iterator[Finding]:
    for attribute, own, keyword in (
        ("meta_sop_instance_uid", "sop_instance_uid", "SOPInstanceUID"),
        ("meta_sop_class_uid", "sop_class_uid", "SOPClassUID"),
    ):
        members = [
            f
            for f in subject.facts
            if getattr(f, attribute) and getattr(f.header, own) and getattr(f, attribute) != getattr(f.header, own)
        ]
        if members:
            yield Finding(
                code="meta-contradicts-dataset",
                severity="warning",
                title=f"The file meta information gives another {keyword} than the data set",
                affected=names_of(members),
                evidence={"keyword": keyword, "instances": len(members)},
                consequence="Archives may file the object under either.",
                remedy="The data set is taken to be right; ask the sender's vendor for a correction.",
            )


def _same_uid_roles(subject: Subject) -> Iterator[Finding]:
    members = []
    for one in subject.facts:
        h = one.header
        roles = [
            u for u in (h.sop_instance_uid, h.series_instance_uid, h.study_instance_uid, h.frame_of_reference_uid) if u
        ]
        if max(Counter(roles).values(), default=0) > 1:
            members.append(one)
    if members:
        yield Finding(
            code="uid-in-two-roles",
            severity="warning",
            title="One UID names two things: study, series, instance or frame of reference",
            affected=names_of(members),
            evidence={"instances": len(members)},
            consequence="References to it are ambiguous.",
            remedy="Ask the sender's vendor for a correction.",
        )


def _study_dates(subject: Subject) -> Iterator[Finding]:
    """Dates that cannot be: a series before its study's day less one, a study before the patient's birth."""
    impossible = [f for f in subject.facts if f.dated_before_birth]
    if impossible:
        yield Finding(
            code="date-before-birth",
            severity="error",
            title="The study is dated before the patient's birth",
            affected=names_of(impossible),
            evidence={"instances": len(impossible)},
            consequence="A date or the identity of the patient is wrong.",
            remedy="Ask the sender to confirm the identity of the patient.",
        )
    by_study = grouped([f for f in subject.facts if f.values.get("StudyDate")], lambda f: f.header.study_instance_uid)
    for members in by_study.values():
        dates = grouped(members, lambda f: f.values["StudyDate"])
        if len(dates) > 1:
            yield Finding(
                code="study-date-differs",
                severity="error",
                title="Instances of one study differ in StudyDate",
                affected=names_of(minority(dates)),
                evidence={"tag": "(0008,0020)", "values": len(dates)},
                consequence="Timepoints could be confused.",
                remedy="Ask the sender which date is right.",
            )
