"""Whether images say where they lie, and which of them lie in one place: orientation, frame of reference, volumes.

Source: DICOM PS3.3 C.7.6.2.1.1 (positions and orientation), C.7.4.1 (frame of reference).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from imaging.quality.classes import PLANAR_MODALITIES
from imaging.quality.report import Finding
from imaging.quality.subject import Subject, grouped, minority, names_of
from imaging.series import VolumeStack


def check_geometry(subject: Subject) -> Iterator[Finding]:
    """Where images lie, before any volume is made of them."""
    yield from _without_position(subject)
    yield from _without_spacing(subject)
    yield from _bad_orientation(subject)
    yield from _study_frames(subject)
    for series in subject.series:
        yield from _mixed_orientations(subject, series.stacks)
        yield from _frames_of_reference(subject, series.stacks)
        yield from _several_volumes(subject, series.stacks)


def _without_position(subject: Subject) -> Iterator[Finding]:
    members = [
        f
        for f in subject.images
        if f.header.modality in PLANAR_MODALITIES
        and not f.header.is_enhanced
        and f.header.number_of_frames == 1
        and (f.header.position_lps is None or f.header.orientation is None)
    ]
    if members:
        yield Finding(
            code="position-missing",
            severity="error",
            title="Images do not say where they lie in the patient",
            affected=names_of(members),
            evidence={"instances": len(members), "tags": ["(0020,0032)", "(0020,0037)"]},
            consequence="They cannot be part of a volume, measured in 3D, or fused with others.",
            remedy="Ask the sender for the original images.",
        )


def _without_spacing(subject: Subject) -> Iterator[Finding]:
    absent = []
    for _, stack in subject.stacks():
        if stack.kind in ("volume", "localizer", "cine") and stack.fit is not None and stack.fit.geometry is None:
            absent += [subject.facts_of(frame) for frame in stack.frames]
    if absent:
        yield Finding(
            code="pixel-spacing-missing",
            severity="error",
            title="The size of a pixel is not stated or not a length",
            affected=names_of(absent),
            evidence={"tag": "(0028,0030)", "instances": len(names_of(absent))},
            consequence="No length, area or volume can be measured.",
            remedy="Ask the sender for the original images; a spacing must not be guessed.",
        )
    members = [
        f
        for f in subject.images
        if f.header.pixel_spacing_mm is None
        and f.header.imager_pixel_spacing_mm is not None
        and f.header.modality in ("CR", "DX", "MG", "XA", "RF")
    ]
    if members:
        yield Finding(
            code="detector-spacing-only",
            severity="info",
            title="Only the spacing at the detector is known",
            affected=names_of(members),
            evidence={"tag": "(0018,1164)", "instances": len(members)},
            consequence="Lengths are those on the detector: larger than in the patient by the magnification.",
            remedy="Say so beside every measurement.",
        )


def _bad_orientation(subject: Subject) -> Iterator[Finding]:
    members = []
    for one in subject.images:
        cosines = one.header.orientation
        if cosines is not None:
            row, column = np.array(cosines[:3]), np.array(cosines[3:])
            lengths = float(np.linalg.norm(row)), float(np.linalg.norm(column))
            if max(abs(lengths[0] - 1), abs(lengths[1] - 1), abs(float(row @ column))) > 1e-3:
                members.append(one)
    if members:
        yield Finding(
            code="orientation-not-orthonormal",
            severity="error",
            title="Row and column directions are not perpendicular unit vectors",
            affected=names_of(members),
            evidence={"tag": "(0020,0037)", "instances": len(members)},
            consequence="Positions computed from them are wrong.",
            remedy="Ask the sender for the original images.",
        )


def _mixed_orientations(subject: Subject, stacks: tuple[VolumeStack, ...]) -> Iterator[Finding]:
    localizers = [stack for stack in stacks if stack.kind == "localizer"]
    volumes = [stack for stack in stacks if stack.kind == "volume"]
    if localizers and volumes:
        frames = [frame for stack in localizers for frame in stack.frames]
        yield Finding(
            code="localizers-in-series",
            severity="info",
            title="The series holds localizers beside its volume",
            affected=subject.names(frames),
            evidence={"localizers": len(frames), "slices": sum(len(s.frames) for s in volumes)},
            consequence="They are kept apart from the volume.",
            remedy="Nothing.",
        )
    planes = {tuple(round(v, 2) + 0.0 for v in s.frames[0].orientation or ()) for s in volumes}
    if len(planes) > 1:
        small = sorted(volumes, key=lambda s: len(s.frames))[:-1]
        yield Finding(
            code="mixed-orientations",
            severity="warning",
            title=f"The series holds slices of {len(planes)} orientations",
            affected=subject.names(frame for stack in small for frame in stack.frames),
            evidence={"orientations": len(planes), "slices": sorted(len(s.frames) for s in volumes)},
            consequence="Each orientation is a volume of its own.",
            remedy="Check that a reader is shown the right one.",
        )
    sizes = {(s.frames[0].rows, s.frames[0].columns, s.frames[0].pixel_spacing_mm) for s in volumes}
    if len(sizes) > len(planes):
        yield Finding(
            code="mixed-matrices",
            severity="warning",
            title="Slices of one series differ in rows, columns or pixel spacing",
            affected=subject.names(frame for stack in volumes for frame in stack.frames),
            evidence={"grids": len(sizes), "slices": sorted(len(s.frames) for s in volumes)},
            consequence="They cannot make one volume.",
            remedy="Ask the sender whether reconstructions were mixed.",
        )


def _frames_of_reference(subject: Subject, stacks: tuple[VolumeStack, ...]) -> Iterator[Finding]:
    facts = [subject.facts_of(f) for s in stacks if s.kind in ("volume", "localizer") for f in s.frames]
    groups = grouped(facts, lambda f: f.header.frame_of_reference_uid)
    if len(groups) > 1:
        yield Finding(
            code="frame-of-reference-mismatch",
            severity="error",
            title="Slices of one series lie in different frames of reference",
            affected=names_of(minority(groups)),
            evidence={"tag": "(0020,0052)", "values": len(groups), "counts": sorted(map(len, groups.values()))},
            consequence="Their positions cannot be compared: slices may not follow each other.",
            remedy="Ask the sender whether two acquisitions were merged.",
        )
    missing = groups.get("", [])
    if missing and len(groups) == 1:
        yield Finding(
            code="frame-of-reference-missing",
            severity="warning",
            title="The frame of reference is not named",
            affected=names_of(missing),
            evidence={"tag": "(0020,0052)", "instances": len(names_of(missing))},
            consequence="The series cannot be fused with others of the study, nor labels checked against it.",
            remedy="Ask the sender for the original images.",
        )


def _study_frames(subject: Subject) -> Iterator[Finding]:
    """Series of one study that are meant to be seen together lie in different frames of reference."""
    for members in grouped(subject.images, lambda f: f.header.study_instance_uid).values():
        placed = [f for f in members if f.header.frame_of_reference_uid and f.header.modality in ("CT", "PT", "NM")]
        frames = grouped(placed, lambda f: f.header.frame_of_reference_uid)
        modalities = {f.header.modality for f in placed}
        if len(frames) > 1 and len(modalities) > 1:
            yield Finding(
                code="study-frames-of-reference-differ",
                severity="warning",
                title="CT and PET or NM of one study lie in different frames of reference",
                affected=names_of(minority(frames)),
                evidence={"frames_of_reference": len(frames), "modalities": sorted(modalities)},
                consequence="They cannot be overlaid without registration.",
                remedy="Register them, or ask the sender for the series that was acquired together.",
            )


def _several_volumes(subject: Subject, stacks: tuple[VolumeStack, ...]) -> Iterator[Finding]:
    volumes = [stack for stack in stacks if stack.kind == "volume"]
    if len(volumes) > 1:
        labels = sorted({name for stack in volumes for name in stack.labels})
        yield Finding(
            code="several-volumes",
            severity="info",
            title=f"The series holds {len(volumes)} volumes",
            affected=(),
            evidence={
                "volumes": len(volumes),
                "told_apart_by": labels,
                "slices": [len(s.frames) for s in volumes][:50],
            },
            consequence="Each is shown, measured and converted by itself.",
            remedy="Nothing, if the series is dynamic, multi-echo, diffusion or dual-phase.",
        )
