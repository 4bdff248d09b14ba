"""RECIST 1.1: sums of diameters and response over timepoints.

Source: Eisenhauer et al., Eur J Cancer 2009; 45: 228–247, sections 3 and 4, tables 1 and 2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from imaging.errors import InputError

METHOD = "recist/1.1"
MAX_TARGETS = 5
MAX_TARGETS_PER_ORGAN = 2
_NODE_NORMAL_MM = 10.0
_NODE_TARGET_MM = 15.0
_MEASURABLE_MM = 10.0
_THICK_SLICE_MM = 5.0
# A decimal sum such as 0.7 × 100 must count as reaching its threshold.
_ROUNDING_MM = 1e-6


class Response(StrEnum):
    """Response of target lesions and overall; NON_CR_NON_PD is for lesions that are not measured."""

    BASELINE = "baseline"
    COMPLETE = "CR"
    PARTIAL = "PR"
    STABLE = "SD"
    PROGRESSIVE = "PD"
    NON_CR_NON_PD = "non-CR/non-PD"
    NOT_EVALUABLE = "NE"


@dataclass(frozen=True)
class TargetLesion:
    """One target at one timepoint: diameters in the plane of acquisition, mm; None where it could not be measured."""

    lesion_id: str
    organ: str
    is_node: bool
    long_mm: float | None
    short_mm: float | None

    @property
    def counted_mm(self) -> float | None:
        """What enters the sum: the short axis of a node, the longest diameter of anything else."""
        return self.short_mm if self.is_node else self.long_mm

    @property
    def is_gone(self) -> bool:
        """A node shorter than 10 mm is normal; anything else must have vanished."""
        value = self.counted_mm
        return value is not None and (value < _NODE_NORMAL_MM if self.is_node else value == 0)


def check_targets(lesions: Sequence[TargetLesion]) -> None:
    """Raises `InputError` for more than five targets, more than two in an organ, or one named twice."""
    if len(lesions) > MAX_TARGETS:
        raise InputError(f"RECIST 1.1 follows at most {MAX_TARGETS} targets", remedy="Choose the largest.")
    if max(Counter(lesion.organ for lesion in lesions).values(), default=0) > MAX_TARGETS_PER_ORGAN:
        raise InputError(f"RECIST 1.1 follows at most {MAX_TARGETS_PER_ORGAN} targets an organ", remedy="Choose two.")
    if len({lesion.lesion_id for lesion in lesions}) != len(lesions):
        raise InputError("A target is listed twice", remedy="List each target once a timepoint.")


def sum_of_diameters_mm(lesions: Sequence[TargetLesion]) -> float | None:
    """The sum over all targets of one timepoint, mm; None where one could not be measured. Checks the limits."""
    check_targets(lesions)
    values = [lesion.counted_mm for lesion in lesions]
    return None if None in values else float(sum(value for value in values if value is not None))


def target_responses(sums_mm: Sequence[float | None], all_gone: Sequence[bool] | None = None) -> list[Response]:
    """Response of the targets at each timepoint; the first is the baseline.

    CR where `all_gone` says so; PD for at least 20 % and 5 mm above the smallest sum so far (the baseline included);
    PR for at least 30 % below the baseline; NE where the sum is None. Progression outweighs a partial response.
    Raises `InputError` for no timepoint, a baseline without sum, or a negative sum.
    """
    if not sums_mm or sums_mm[0] is None:
        raise InputError("A response needs a measured baseline", remedy="Measure every target at baseline.")
    if any(value is not None and not value >= 0 for value in sums_mm):
        raise InputError("A sum of diameters is negative or not a number", remedy="Measure it again.")
    gone = [False] * len(sums_mm) if all_gone is None else list(all_gone)
    if len(gone) != len(sums_mm):
        raise InputError("There is not one mark per timepoint", remedy="Say for each whether all targets are gone.")
    baseline = nadir = float(sums_mm[0])
    responses = [Response.BASELINE]
    for value, is_gone in zip(sums_mm[1:], gone[1:], strict=True):
        if value is None:
            responses.append(Response.NOT_EVALUABLE)
            continue
        responses.append(_response(value, baseline, nadir, is_gone))
        nadir = min(nadir, value)
    return responses


def _response(value: float, baseline: float, nadir: float, is_gone: bool) -> Response:
    if is_gone:
        return Response.COMPLETE
    growth = value - nadir
    if growth >= 5 - _ROUNDING_MM and growth >= 0.2 * nadir - _ROUNDING_MM:
        return Response.PROGRESSIVE
    if baseline - value >= 0.3 * baseline - _ROUNDING_MM and baseline > 0:
        return Response.PARTIAL
    return Response.STABLE


def overall_response(target: Response, non_target: Response | None, *, new_lesions: bool) -> Response:
    """Table 1: targets, non-targets (None where there are none) and new lesions → overall response."""
    if new_lesions or Response.PROGRESSIVE in (target, non_target):
        return Response.PROGRESSIVE
    if target is Response.NOT_EVALUABLE:
        return Response.NOT_EVALUABLE
    if target is Response.COMPLETE:
        return Response.COMPLETE if non_target in (None, Response.COMPLETE) else Response.PARTIAL
    if target in (Response.PARTIAL, Response.STABLE):
        return target
    raise InputError("The response of the targets is none of CR, PR, SD, PD, NE", remedy="Evaluate a follow-up.")


def is_measurable(*, is_node: bool, long_mm: float, short_mm: float, slice_mm: float) -> bool:
    """Whether a lesion may be a target: 10 mm, twice the slice where slices exceed 5 mm; a node 15 mm in short axis."""
    if is_node:
        return short_mm >= _NODE_TARGET_MM
    return long_mm >= (2 * slice_mm if slice_mm > _THICK_SLICE_MM else _MEASURABLE_MM)
