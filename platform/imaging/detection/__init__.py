"""How well a reader or an algorithm detects: counts, ROC, FROC, every estimate with interval and definition."""

from imaging.detection.auc import AucComparison, auc, compare_auc, compare_auc_unpaired, partial_auc
from imaging.detection.bootstrap import auc_by_patient, clustered_bootstrap
from imaging.detection.confusion import BinaryMetrics, binary_metrics, binary_metrics_from_counts, wilson
from imaging.detection.froc import FROC_FIGURES, FrocData, froc_curve, froc_figures
from imaging.detection.operating_points import (
    OperatingPoint,
    operating_points,
    point_at_sensitivity,
    point_at_specificity,
    youden_points,
)

__all__ = [
    "FROC_FIGURES",
    "AucComparison",
    "BinaryMetrics",
    "FrocData",
    "OperatingPoint",
    "auc",
    "auc_by_patient",
    "binary_metrics",
    "binary_metrics_from_counts",
    "clustered_bootstrap",
    "compare_auc",
    "compare_auc_unpaired",
    "froc_curve",
    "froc_figures",
    "operating_points",
    "partial_auc",
    "point_at_sensitivity",
    "point_at_specificity",
    "wilson",
    "youden_points",
]
