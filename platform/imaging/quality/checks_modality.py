"""Whether what an object says it is agrees with itself: modality, laterality, burned-in text.

Source: DICOM PS3.3 C.7.3.1 (Modality, Laterality), C.7.6.1 (BurnedInAnnotation, ImageLaterality), PS3.16 CID 244.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from imaging.quality.classes import CLASS_MODALITIES, TEXT_PRONE
from imaging.quality.facts import Facts
from imaging.quality.report import Finding, Proposal
from imaging.quality.subject import Subject, grouped, minority, names_of
from imaging.series import VolumeStack

_LEFT = re.compile(r"(?<![a-z])(left|lt|links|izq|izquierd[ao]|gauche|sinister|sin)(?![a-z])")
_RIGHT = re.compile(r"(?<![a-z])(right|rt|rechts|der|derech[ao]|droite?|dexter)(?![a-z])")
_DESCRIPTIONS = ("SeriesDescription", "StudyDescription", "ProtocolName", "BodyPartExamined")


def check_modality(subject: Subject) -> Iterator[Finding]:
    """Contradictions between what an object is called and what it is."""
    yield from _class(subject)
    yield from _ct_evidence(subject)
    yield from _foreign_evidence(subject)
    yield from _units(subject)
    yield from _laterality(subject)
    yield from _laterality_differs(subject)
    yield from _burned_in(subject)


def _class(subject: Subject) -> Iterator[Finding]:
    missing = [f for f in subject.facts if not f.header.modality and f.header.is_image]
    if missing:
        yield Finding(
            code="modality-missing",
            severity="warning",
            title="Modality is missing",
            affected=names_of(missing),
            evidence={"tag": "(0008,0060)", "instances": len(missing)},
            consequence="Hanging, windowing and the range check cannot choose for it.",
            remedy="Accept the proposed modality where the SOP class names one.",
            proposals=tuple(_modality_proposals(missing)),
        )
    wrong = [
        f
        for f in subject.facts
        if f.header.modality
        and f.header.sop_class_uid in CLASS_MODALITIES
        and f.header.modality not in CLASS_MODALITIES[f.header.sop_class_uid]
    ]
    if wrong:
        yield Finding(
            code="modality-contradicts-class",
            severity="error",
            title="Modality and SOP class contradict each other",
            affected=names_of(wrong),
            evidence={
                "modality": sorted({f.header.modality for f in wrong}),
                "class_stands_for": sorted({m for f in wrong for m in CLASS_MODALITIES[f.header.sop_class_uid]}),
                "instances": len(wrong),
            },
            consequence="Software treats the images as something they are not.",
            remedy="Check what the images show; the class is more often right than the tag.",
            proposals=tuple(_modality_proposals(wrong)),
        )


def _modality_proposals(members: list[Facts]) -> Iterator[Proposal]:
    groups = grouped(members, lambda f: (f.header.modality, f.header.sop_class_uid))
    for group in groups.values():
        header = group[0].header
        allowed = CLASS_MODALITIES.get(header.sop_class_uid, frozenset())
        if len(allowed) == 1:
            (after,) = allowed
            yield Proposal("(0008,0060)", "Modality", header.modality or None, after, names_of(group))


def _ct_evidence(subject: Subject) -> Iterator[Finding]:
    """A CT of a body shows air and soft tissue; a series that calls itself CT and shows neither is something else."""
    for _, stack in subject.stacks():
        if stack.kind != "volume" or stack.frames[0].header.modality != "CT":
            continue
        ends = [_ends(subject, stack, index) for index in range(len(stack.frames))]
        known = [pair for pair in ends if pair is not None]
        if not known or stack.frames[0].header.samples_per_pixel != 1:
            continue
        low, high = min(pair[0] for pair in known), max(pair[1] for pair in known)
        if low >= 0 and high > 500:
            yield Finding(
                code="ct-without-air",
                severity="error",
                title="A CT without any value below water",
                affected=subject.names(stack.frames),
                evidence={"lowest": low, "highest": high, "intercept": stack.frames[0].intercept},
                consequence="The numbers are not Hounsfield units: the intercept is lost, or this is no CT.",
                remedy="Compare with the original system; the usual intercept is proposed for a person to judge.",
                proposals=_intercept_proposal(subject, stack, low),
            )


def _foreign_evidence(subject: Subject) -> Iterator[Finding]:
    """Numbers that only a CT has under another modality's name, and a CT that is in colour."""
    like_ct, coloured = [], []
    for _, stack in subject.stacks():
        first = stack.frames[0]
        if first.header.modality == "CT" and first.header.samples_per_pixel == 3:
            coloured += [subject.facts_of(frame) for frame in stack.frames]
        elif first.header.modality not in ("CT", "RTIMAGE", "OT") and first.intercept <= -900 and first.slope == 1:
            ends = [_ends(subject, stack, index) for index in range(len(stack.frames))]
            if any(pair is not None and pair[0] <= -900 and pair[1] < 4200 for pair in ends):
                like_ct += [subject.facts_of(frame) for frame in stack.frames]
    for members, title in ((like_ct, "The values are Hounsfield units of a CT"), (coloured, "A CT in colour")):
        if members:
            yield Finding(
                code="pixels-contradict-modality",
                severity="error",
                title=f"{title}, the modality says something else" if members is like_ct else f"{title} is a rendering",
                affected=names_of(members),
                evidence={
                    "modality": sorted({m.header.modality for m in members}),
                    "instances": len(names_of(members)),
                },
                consequence="Windowing, range checks and measurements treat the images as what they are not.",
                remedy="Check what the images show with the sender.",
            )


def _intercept_proposal(subject: Subject, stack: VolumeStack, low: float) -> tuple[Proposal, ...]:
    first = stack.frames[0]
    if first.intercept != 0 or first.header.pixel_representation == 1 or low > 100:
        return ()
    return (Proposal("(0028,1052)", "RescaleIntercept", f"{first.intercept:g}", "-1024", subject.names(stack.frames)),)


def _ends(subject: Subject, stack: VolumeStack, index: int) -> tuple[float, float] | None:
    frame = stack.frames[index]
    statistics = subject.statistics_of(frame)
    if statistics is None:
        return None
    pair = np.array([statistics.minimum, statistics.maximum]) * frame.slope + frame.intercept
    return float(pair.min()), float(pair.max())


def _units(subject: Subject) -> Iterator[Finding]:
    foreign = [
        f
        for f in subject.images
        if (f.header.units and f.header.modality not in ("PT", "NM"))
        or (f.header.rescale_type.upper() == "HU" and f.header.modality not in ("CT", "", "OT", "RTIMAGE"))
    ]
    if foreign:
        yield Finding(
            code="units-contradict-modality",
            severity="error",
            title="Units of another modality",
            affected=names_of(foreign),
            evidence={"modality": sorted({f.header.modality for f in foreign}), "instances": len(foreign)},
            consequence="The values, or the modality, are not what they say.",
            remedy="Ask the sender which is right.",
        )


def _stated_sides(one: Facts) -> dict[str, str]:
    """Side by attribute, where one is stated: L, R or B (both)."""
    sides = {}
    for keyword in ("Laterality", "ImageLaterality"):
        value = one.values.get(keyword, "").upper()
        if value in ("L", "R", "B"):
            sides[keyword] = value
    for keyword in _DESCRIPTIONS:
        text = one.values.get(keyword, "").lower().replace("_", " ")
        left, right = _LEFT.search(text) is not None, _RIGHT.search(text) is not None
        if left != right:
            sides[keyword] = "L" if left else "R"
    return sides


def _laterality(subject: Subject) -> Iterator[Finding]:
    members, attributes = [], set()
    for one in subject.facts:
        sides = _stated_sides(one)
        if {"L", "R"} <= set(sides.values()):
            members.append(one)
            attributes |= set(sides)
    if members:
        yield Finding(
            code="laterality-contradicts",
            severity="critical",
            title="The stated side of the body contradicts itself",
            affected=names_of(members),
            evidence={"attributes": sorted(attributes), "instances": len(members)},
            consequence="A finding could be ascribed to the wrong side.",
            remedy="Hold the series; ask the sender which side was examined.",
        )


def _laterality_differs(subject: Subject) -> Iterator[Finding]:
    for members in grouped(subject.facts, lambda f: f.header.series_instance_uid).values():
        stated = [f for f in members if f.values.get("Laterality", "") in ("L", "R")]
        groups = grouped(stated, lambda f: f.values["Laterality"])
        if len(groups) > 1:
            yield Finding(
                code="laterality-differs-in-series",
                severity="error",
                title="Instances of one series state different sides of the body",
                affected=names_of(minority(groups)),
                evidence={"tag": "(0020,0060)", "values": len(groups)},
                consequence="A finding could be ascribed to the wrong side.",
                remedy="Hold the series; ask the sender which side was examined.",
            )


def _burned_in(subject: Subject) -> Iterator[Finding]:
    flagged = [f for f in subject.images if f.header.burned_in_annotation.upper() == "YES"]
    if flagged:
        yield Finding(
            code="burned-in-annotation",
            severity="error",
            title="The images say that identifying text is burned into their pixels",
            affected=names_of(flagged),
            evidence={"tag": "(0028,0301)", "instances": len(flagged)},
            consequence="Removing tags does not make them anonymous.",
            remedy="Have the text found and removed before anyone outside sees the images.",
        )
    unsaid = [
        f
        for f in subject.images
        if not f.header.burned_in_annotation
        and (f.header.modality in TEXT_PRONE or "LOCALIZER" in f.header.image_type or f.values.get("ConversionType"))
    ]
    if unsaid:
        yield Finding(
            code="burned-in-unsaid",
            severity="info",
            title="Nothing is said about text burned into the pixels, where it is common",
            affected=names_of(unsaid),
            evidence={
                "tag": "(0028,0301)",
                "instances": len(unsaid),
                "modalities": sorted({f.header.modality for f in unsaid}),
            },
            consequence="The images may show a name.",
            remedy="Have the pixels searched for text.",
        )
    faces = [f for f in subject.images if f.values.get("RecognizableVisualFeatures", "").upper() == "YES"]
    if faces:
        yield Finding(
            code="recognizable-features",
            severity="error",
            title="The images say that a person can be recognised on them",
            affected=names_of(faces),
            evidence={"tag": "(0028,0302)", "instances": len(faces)},
            consequence="Removing tags does not make them anonymous.",
            remedy="Have faces removed before anyone outside sees the images.",
        )
