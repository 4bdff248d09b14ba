"""What the voxels of a segment hold: mean, standard deviation, extremes, percentiles, in the unit of the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.labelmap import CodedConcept
from imaging.measure.quantity import Quantity

Mask = NDArray[np.bool_]

MEAN = CodedConcept("373098007", "SCT", "Mean")
STANDARD_DEVIATION = CodedConcept("386136009", "SCT", "Standard Deviation")
MINIMUM = CodedConcept("255605001", "SCT", "Minimum")
MAXIMUM = CodedConcept("56851009", "SCT", "Maximum")
MEDIAN = CodedConcept("373099004", "SCT", "Median")

METHOD = "intensity/voxels-inside/1"
_PERCENTILES = (5.0, 25.0, 50.0, 75.0, 95.0)
_NAMES = {
    "[hnsf'U]": CodedConcept("112031", "DCM", "Attenuation Coefficient"),
    "g/mL": CodedConcept("126401", "DCM", "SUVbw"),
    "Bq/mL": CodedConcept("110806", "DCM", "Activity Concentration"),
}
_OTHER = CodedConcept("110852", "DCM", "MR signal intensity")


def intensities(
    mask: Mask, values: NDArray[Any], unit: str, *, percentiles: Sequence[float] = _PERCENTILES
) -> dict[str, Quantity]:
    """Statistics of `values` `[slice, row, column]` inside `mask`, keyed mean, sd, min, max, median, p5 ….

    The standard deviation is that of the voxels as a population (divisor N); percentiles interpolate linearly between
    order statistics. All are None for an empty mask. Raises `InputError` where mask and image differ in shape.
    """
    if mask.shape != values.shape:
        raise InputError("Labels and image are not on one grid", remedy="Read the labels with this image as reference.")
    inside = values[mask].astype(np.float64)
    name = _NAMES.get(unit, _OTHER)

    def quantity(value: float | None, derivation: CodedConcept) -> Quantity:
        return Quantity(name, value, unit, METHOD, derivation=derivation)

    if not inside.size:
        inside = np.array([np.nan])
    numbers = {
        "mean": (float(inside.mean()), MEAN),
        "sd": (float(inside.std()), STANDARD_DEVIATION),
        "min": (float(inside.min()), MINIMUM),
        "max": (float(inside.max()), MAXIMUM),
    }
    for percentile, value in zip(percentiles, np.percentile(inside, percentiles), strict=True):
        key = "median" if percentile == 50 else f"p{percentile:g}"
        numbers[key] = (float(value), MEDIAN if percentile == 50 else _percentile_code(percentile))
    return {key: quantity(None if np.isnan(value) else value, code) for key, (value, code) in numbers.items()}


def _percentile_code(percentile: float) -> CodedConcept:
    """PS3.16 has no percentile as a derivation: a private code says which."""
    return CodedConcept(f"P{percentile:g}", "99FIDUCIAL", f"{percentile:g}th percentile")
