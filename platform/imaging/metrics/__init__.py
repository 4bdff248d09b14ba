"""Segmentation metrics: overlap, surface distances and lesion-wise detection, each with the id of its definition."""

from imaging.metrics.definitions import DEFINITIONS, Definition, DefinitionSet
from imaging.metrics.lesions import LesionDetection, LesionMatch, detect_lesions
from imaging.metrics.segmentation import (
    MetricSummary,
    SegmentationMetrics,
    compare_labelmaps,
    compare_masks,
    summarise,
)

__all__ = [
    "DEFINITIONS",
    "Definition",
    "DefinitionSet",
    "LesionDetection",
    "LesionMatch",
    "MetricSummary",
    "SegmentationMetrics",
    "compare_labelmaps",
    "compare_masks",
    "detect_lesions",
    "summarise",
]
