"""Recognising series from which a face can be rendered: thin slices of the head or neck in CT or MR.

Such a series is held until a person removes the face or attests that the terms of use cover it. Source: PS3.15 E.3.2;
Schwarz et al., N Engl J Med 2019;381:1684.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

THIN_MM = 3.5
LEAST_EXTENT_MM = 60.0
_HEAD = re.compile(
    r"HEAD|BRAIN|SKULL|FACE|FACIAL|NECK|CERVIC|SINUS|ORBIT|PITUIT|SELLA|TEMPORAL|IAC\b|\bEAR\b|MAXIL|MANDIB|TMJ|NASO|"
    r"CRANI|CEREBR|NEURO|DENTAL|JAW|EYE|CSPINE|C-SPINE|CAROTID|STROKE|MPRAGE|WHOLE.?BODY|TOTAL.?BODY|\bWB\b"
)
_ELSEWHERE = re.compile(
    r"CHEST|THORA|LUNG|ABD|PELV|LIVER|KIDNEY|RENAL|PROSTATE|BREAST|HEART|CARDI|SPINE|LUMB|SACR|HIP|KNEE|ANKLE|FOOT|LEG|"
    r"SHOULDER|ELBOW|WRIST|HAND|ARM|FEMUR|COLON|UTER|EXTREM|PANCREAS|BLADDER|RECT|OVAR|PHANTOM"
)


@dataclass(frozen=True)
class FaceRisk:
    """Whether a series is held for its face, and why; `reason` is a stable kebab-case word."""

    held: bool
    reason: str


def face_risk(datasets: Sequence[Dataset]) -> FaceRisk:
    """Whether a face could be rendered from this series of one object each, or of multi-frame objects.

    Held where the modality is CT or MR, neighbouring slices are at most 3.5 mm apart over at least 60 mm, and the body
    part or a description says head or neck, or nothing says where in the body it is.
    """
    first = datasets[0] if datasets else None
    if first is None or str(first.get("Modality") or "") not in {"CT", "MR"}:
        return FaceRisk(False, "modality")
    if "LOCALIZER" in [str(v) for v in first.get("ImageType") or []]:
        return FaceRisk(False, "localizer")
    positions = _positions(datasets)
    if len(positions) < 2:
        return FaceRisk(False, "no-volume")
    gaps = np.diff(positions)
    gaps = gaps[gaps > 1e-3]
    if not gaps.size or float(np.median(gaps)) > THIN_MM or positions[-1] - positions[0] < LEAST_EXTENT_MM:
        return FaceRisk(False, "thick-or-short")
    return _by_words(first)


def _by_words(dataset: Dataset) -> FaceRisk:
    part = str(dataset.get("BodyPartExamined") or "").upper()
    if part and _HEAD.search(part):
        return FaceRisk(True, "head-or-neck")
    keywords = ("StudyDescription", "SeriesDescription", "ProtocolName", "RequestedProcedureDescription")
    text = " ".join(str(dataset.get(keyword) or "") for keyword in keywords).upper()
    text += " " + " ".join(str(item.get("CodeMeaning") or "") for item in _regions(dataset)).upper()
    if _HEAD.search(text):
        return FaceRisk(True, "head-or-neck")
    if _ELSEWHERE.search(part) or _ELSEWHERE.search(text):
        return FaceRisk(False, "elsewhere")
    return FaceRisk(True, "region-unknown")


def _regions(dataset: Dataset) -> list[Dataset]:
    return list(dataset.get("AnatomicRegionSequence") or []) + list(dataset.get("ProcedureCodeSequence") or [])


def _positions(datasets: Sequence[Dataset]) -> list[float]:
    """Distances along the slice normal, mm, sorted (PS3.3 C.7.6.2.1.1)."""
    planes = [plane for dataset in datasets for plane in _planes(dataset)]
    if not planes:
        return []
    orientation = np.asarray(planes[0][1], dtype=float)
    normal = np.cross(orientation[:3], orientation[3:])
    return sorted(float(np.dot(normal, np.asarray(position, dtype=float))) for position, _ in planes)


def _planes(dataset: Dataset) -> list[tuple[Sequence[float], Sequence[float]]]:
    if dataset.get("ImagePositionPatient") and dataset.get("ImageOrientationPatient"):
        return [(dataset.ImagePositionPatient, dataset.ImageOrientationPatient)]
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    planes = []
    for frame in dataset.get("PerFrameFunctionalGroupsSequence") or []:
        position = _in_groups(frame, shared, "PlanePositionSequence", "ImagePositionPatient")
        orientation = _in_groups(frame, shared, "PlaneOrientationSequence", "ImageOrientationPatient")
        if position and orientation:
            planes.append((position, orientation))
    return planes


def _in_groups(frame: Dataset, shared: Dataset, sequence: str, keyword: str) -> Sequence[float] | None:
    for group in (frame, shared):
        items = group.get(sequence)
        if items and items[0].get(keyword):
            value: Sequence[float] = items[0].get(keyword)
            return value
    return None
