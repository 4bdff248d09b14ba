"""What the numbers themselves show: blank, constant, saturated or repeated slices, values beyond bits or modality.

Source: DICOM PS3.3 C.7.6.3 (Image Pixel), C.8.2.1 (CT: Hounsfield units), C.8.9.1 (PET units).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from imaging.quality.facts import Facts, FrameStatistics
from imaging.quality.report import Finding, Proposal
from imaging.quality.subject import Subject, names_of
from imaging.series import FrameRef

SATURATED_SHARE = 0.25
"""A slice with more than this share of its pixels at the top of the scale lost its bright structures."""
HU_LOWEST, HU_HIGHEST = -1100.0, 4200.0
"""CT numbers outside this range, padding apart, are no tissue, air, bone or contrast medium."""
HU_HIGHEST_EXTENDED = 31_000.0
OUTLIER_FACTOR = 8.0
_MEASURED = frozenset({"CR", "CT", "DX", "MG", "MR", "NM", "PT", "RF", "XA"})


def check_pixels(subject: Subject) -> Iterator[Finding]:
    """Everything that pixel values show."""
    yield from _constant(subject)
    yield from _saturated(subject)
    yield from _same_pixels(subject)
    yield from _beyond_bits(subject)
    yield from _ct_range(subject)
    yield from _pet_range(subject)
    yield from _outliers(subject)
    yield from _rescale(subject)
    yield from _inverted(subject)


def _frames(subject: Subject) -> Iterator[tuple[Facts, FrameStatistics]]:
    for one in subject.images:
        if one.header.modality not in ("SEG", "SM"):
            for frame in one.frames:
                yield one, frame


def _constant(subject: Subject) -> Iterator[Finding]:
    blank: list[tuple[Facts, int]] = []
    constant: list[tuple[Facts, int]] = []
    for one, frame in _frames(subject):
        if frame.minimum == frame.maximum:
            (blank if frame.maximum == 0 else constant).append((one, frame.frame_index))
    for members, kind in ((blank, "blank"), (constant, "constant")):
        if members:
            yield Finding(
                code=f"{kind}-slices",
                severity="error",
                title="Slices are empty: every pixel is zero" if kind == "blank" else "Slices hold one value only",
                affected=names_of(one for one, _ in members),
                evidence={"frames": len(members), "frame_numbers": [index + 1 for _, index in members][:50]},
                consequence="There is nothing to read on them; the export may have failed.",
                remedy="Ask the sender for these slices again.",
            )


def _saturated(subject: Subject) -> Iterator[Finding]:
    members, shares = [], []
    for one, frame in _frames(subject):
        h = one.header
        if (
            h.modality not in _MEASURED
            or h.samples_per_pixel != 1
            or frame.minimum == frame.maximum
            or h.bits_stored < 8
        ):
            continue
        top = float(2 ** (h.bits_stored - (1 if h.pixel_representation else 0)) - 1)
        if (
            frame.maximum >= top
            and frame.share_at_maximum > SATURATED_SHARE
            and h.photometric_interpretation != "MONOCHROME1"
        ):
            members.append(one)
            shares.append(frame.share_at_maximum)
    if members:
        yield Finding(
            code="saturated-slices",
            severity="warning",
            title="A large part of the pixels is at the top of the scale",
            affected=names_of(members),
            evidence={"frames": len(members), "largest_share": round(max(shares), 4), "limit": SATURATED_SHARE},
            consequence="Structures brighter than the scale cannot be told apart.",
            remedy="Check whether the export clipped the values.",
        )


def _same_pixels(subject: Subject) -> Iterator[Finding]:
    by_digest: dict[tuple[str, bytes], list[Facts]] = defaultdict(list)
    for one, frame in _frames(subject):
        if frame.minimum != frame.maximum and one.header.modality not in ("US", "XA"):
            by_digest[(one.header.series_instance_uid, frame.digest)].append(one)
    repeated = [members for members in by_digest.values() if len({id(m) for m in members}) > 1 or len(members) > 1]
    distinct = [members for members in repeated if _truly_distinct(members)]
    if distinct:
        yield Finding(
            code="duplicate-pixels",
            severity="error",
            title=f"{len(distinct)} groups of slices hold exactly the same pixels",
            affected=names_of(one for members in distinct for one in members),
            evidence={"groups": len(distinct), "frames": sum(map(len, distinct))},
            consequence="One image was stored under several positions or identifiers; anatomy may be missing.",
            remedy="Ask the sender to export the series again.",
        )


def _truly_distinct(members: list[Facts]) -> bool:
    """The same instance received twice is reported as such, not as repeated pixels."""
    return len({(m.header.sop_instance_uid or str(m.index)) for m in members}) > 1 or len({id(m) for m in members}) == 1


def _beyond_bits(subject: Subject) -> Iterator[Finding]:
    members, lows, highs = [], [], []
    for one, frame in _frames(subject):
        h = one.header
        if not h.bits_stored or h.bits_stored >= h.bits_allocated:
            continue
        low = -(2 ** (h.bits_stored - 1)) if h.pixel_representation else 0
        high = 2 ** (h.bits_stored - (1 if h.pixel_representation else 0)) - 1
        if frame.minimum < low or frame.maximum > high:
            members.append(one)
            lows.append(frame.minimum)
            highs.append(frame.maximum)
    if members:
        yield Finding(
            code="values-beyond-bits",
            severity="error",
            title="Pixel values need more bits than BitsStored declares",
            affected=names_of(members),
            evidence={
                "frames": len(members),
                "smallest": min(lows),
                "largest": max(highs),
                "bits_stored": sorted({m.header.bits_stored for m in members}),
            },
            consequence="Software that masks the declared bits shows other values.",
            remedy="Values are used as they stand; ask the sender which are right.",
        )


def _rescaled(frame: FrameRef, statistics: FrameStatistics) -> tuple[float, float]:
    ends = statistics.minimum * frame.slope + frame.intercept, statistics.maximum * frame.slope + frame.intercept
    return min(ends), max(ends)


def _ct_range(subject: Subject) -> Iterator[Finding]:
    low_members, high_members, lows, highs = [], [], [], []
    for _, stack in subject.stacks():
        for frame in stack.frames:
            one, statistics = subject.facts_of(frame), subject.statistics_of(frame)
            if one.header.modality != "CT" or statistics is None or stack.kind == "localizer":
                continue
            low, high = _rescaled(frame, statistics)
            padded = one.values.get("PixelPaddingValue", "") not in ("", "None")
            if low < HU_LOWEST and not padded:
                low_members.append(one)
                lows.append(low)
            extended = one.header.bits_stored > 12 and abs(frame.slope) <= 1
            if high > (HU_HIGHEST_EXTENDED if extended else HU_HIGHEST):
                high_members.append(one)
                highs.append(high)
    if low_members:
        padding = len(set(lows)) == 1
        yield Finding(
            code="hu-below-air",
            severity="info" if padding else "warning",
            title="CT values lie below air"
            + (": one value, probably padding outside the scan field" if padding else ""),
            affected=names_of(low_members),
            evidence={"slices": len(low_members), "lowest_hu": min(lows), "limit_hu": HU_LOWEST, "one_value": padding},
            consequence="Means and histograms over the whole image are pulled down.",
            remedy="Leave these pixels out of statistics; the padding value is not declared."
            if padding
            else "Check RescaleSlope and RescaleIntercept.",
        )
    if high_members:
        yield Finding(
            code="hu-above-range",
            severity="warning",
            title="CT values lie above what the scale of the scanner allows",
            affected=names_of(high_members),
            evidence={"slices": len(high_members), "highest_hu": max(highs), "limit_hu": HU_HIGHEST},
            consequence="The rescale may be wrong; densities cannot be trusted.",
            remedy="Check RescaleSlope and RescaleIntercept with the sender.",
        )


def _pet_range(subject: Subject) -> Iterator[Finding]:
    members, lows = [], []
    for _, stack in subject.stacks():
        for frame in stack.frames:
            one, statistics = subject.facts_of(frame), subject.statistics_of(frame)
            if one.header.modality != "PT" or statistics is None:
                continue
            low, high = _rescaled(frame, statistics)
            if low < -0.1 * max(high, 1e-12):
                members.append(one)
                lows.append(low)
    if members:
        yield Finding(
            code="pet-negative",
            severity="warning",
            title="PET values are far below zero",
            affected=names_of(members),
            evidence={"slices": len(members), "lowest": min(lows)},
            consequence="Activity cannot be negative: scaling or sign may be wrong.",
            remedy="Check RescaleSlope and PixelRepresentation with the sender.",
        )


def _outliers(subject: Subject) -> Iterator[Finding]:
    """A slice whose mean jumps against both neighbours, far beyond how slices of this volume change."""
    for _, stack in subject.volumes():
        statistics = [subject.statistics_of(frame) for frame in stack.frames]
        if len(statistics) < 8 or any(s is None for s in statistics):
            continue
        means = np.array([s.mean * f.slope + f.intercept for s, f in zip(statistics, stack.frames, strict=True) if s])
        jumps = np.abs(means[1:-1] - (means[:-2] + means[2:]) / 2)
        usual = float(np.median(jumps))
        spread = float(
            np.median([s.deviation * abs(f.slope) for s, f in zip(statistics, stack.frames, strict=True) if s])
        )
        limit = max(OUTLIER_FACTOR * usual, 0.5 * spread)
        odd = [int(i) + 1 for i in np.flatnonzero(jumps > limit)]
        if odd and limit > 0 and len(odd) <= max(3, len(means) // 20):
            yield Finding(
                code="slice-intensity-jump",
                severity="warning",
                title="The brightness of single slices jumps against their neighbours",
                affected=subject.names(stack.frames[i] for i in odd),
                evidence={
                    "slices": [i + 1 for i in odd],
                    "usual_jump": round(usual, 3),
                    "largest_jump": round(float(jumps.max()), 3),
                },
                consequence="A slice of another patient, phase or scaling may have slipped in.",
                remedy="Look at the named slices beside their neighbours.",
            )


def _rescale(subject: Subject) -> Iterator[Finding]:
    zero = [f for f in subject.images if f.header.rescale_slope == 0]
    if zero:
        yield Finding(
            code="rescale-slope-zero",
            severity="error",
            title="RescaleSlope is zero",
            affected=names_of(zero),
            evidence={"tag": "(0028,1053)", "instances": len(zero)},
            consequence="Every voxel would have the same value.",
            remedy="Ask the sender for the original images.",
        )
    absent = [
        f
        for f in subject.images
        if f.header.modality in ("CT", "PT")
        and not f.header.is_enhanced
        and f.header.sop_class_uid not in ("1.2.840.10008.5.1.4.1.1.7",)
        and (f.header.rescale_slope is None or f.header.rescale_intercept is None)
    ]
    if absent:
        yield Finding(
            code="rescale-missing",
            severity="error",
            title="CT or PET images do not say how their numbers become HU or activity",
            affected=names_of(absent),
            evidence={"tags": ["(0028,1052)", "(0028,1053)"], "instances": len(absent)},
            consequence="Densities and uptake cannot be measured.",
            remedy="Ask the sender for the original images.",
        )
    for _, stack in subject.volumes():
        pairs = {(frame.slope, frame.intercept) for frame in stack.frames}
        if len(pairs) > 1:
            yield Finding(
                code="rescale-per-slice",
                severity="info",
                title="Each slice has its own rescale",
                affected=subject.names(stack.frames),
                evidence={"pairs": len(pairs)},
                consequence="Stored values of two slices cannot be compared; modality values can.",
                remedy="Nothing: modality values are used.",
            )


def _inverted(subject: Subject) -> Iterator[Finding]:
    """MONOCHROME1 and a presentation of IDENTITY contradict each other (PS3.3 C.8.11.1.1.1)."""
    members = [
        f
        for f in subject.images
        if f.header.photometric_interpretation == "MONOCHROME1"
        and f.values.get("PresentationLUTShape", "").upper() == "IDENTITY"
    ]
    if members:
        yield Finding(
            code="photometric-contradicts-presentation",
            severity="warning",
            title="MONOCHROME1 asks for inversion, PresentationLUTShape for none",
            affected=names_of(members),
            evidence={"instances": len(members)},
            consequence="Black and white may be exchanged.",
            remedy="Compare one image with the original system.",
            proposals=(Proposal("(2050,0020)", "PresentationLUTShape", "IDENTITY", "INVERSE", names_of(members)),),
        )
