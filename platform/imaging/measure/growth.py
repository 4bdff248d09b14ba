"""Change of size between two timepoints."""

from __future__ import annotations

import math

from imaging.errors import InputError
from imaging.labelmap import CodedConcept
from imaging.measure.quantity import Quantity

METHOD_DOUBLING = "growth/exponential-doubling-time/1"
METHOD_CHANGE = "growth/relative-change/1"

_DOUBLING_TIME = CodedConcept("DOUBLINGTIME", "99FIDUCIAL", "Volume doubling time")
_CHANGE = CodedConcept("RELCHANGE", "99FIDUCIAL", "Relative volume change")
# Repeated segmentation of one nodule differs by about a quarter (Gietema et al., Radiology 2006; 241: 251–257).
_REPEATABILITY_PERCENT = 25.0


def relative_change(first_mm3: float, second_mm3: float) -> Quantity:
    """(V₂ − V₁) / V₁ in percent; within repeatability the note says so. None where the first volume is zero."""
    _refuse_negative(first_mm3, second_mm3)
    if first_mm3 == 0:
        return Quantity(_CHANGE, None, "%", METHOD_CHANGE, "the first volume is zero")
    change = 100 * (second_mm3 - first_mm3) / first_mm3
    within = abs(change) < _REPEATABILITY_PERCENT
    note = f"less than ±{_REPEATABILITY_PERCENT:.0f} % may be measurement error" if within else None
    return Quantity(_CHANGE, change, "%", METHOD_CHANGE, note)


def doubling_time(first_mm3: float, second_mm3: float, days: float) -> Quantity:
    """t · ln 2 / ln(V₂ / V₁) in days (Schwartz 1961); negative where the volume halves.

    None where it did not change or is zero. Raises `InputError` for an interval that is not positive.
    """
    _refuse_negative(first_mm3, second_mm3)
    if not days > 0:
        raise InputError("The interval between the timepoints is not positive", remedy="Put the earlier one first.")
    if first_mm3 == 0 or second_mm3 == 0 or first_mm3 == second_mm3:
        return Quantity(_DOUBLING_TIME, None, "d", METHOD_DOUBLING, "not defined for no change or no volume")
    value = days * math.log(2) / math.log(second_mm3 / first_mm3)
    return Quantity(_DOUBLING_TIME, value, "d", METHOD_DOUBLING, relative_change(first_mm3, second_mm3).note)


def _refuse_negative(*volumes_mm3: float) -> None:
    if not all(volume >= 0 and math.isfinite(volume) for volume in volumes_mm3):
        raise InputError("A volume is negative or not a number", remedy="Measure it again.")
