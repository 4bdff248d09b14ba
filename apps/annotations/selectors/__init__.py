"""Reads of the room. Callers hold an opened `ReadHandle`; ids from outside are opened by the rooms above."""

from apps.annotations.selectors.listing import AnnotationHead, heads_of, revision_list_of, segmentation_digests
from apps.annotations.selectors.sealing import open_text, seal_text
from apps.annotations.selectors.stacks import series_stack
from apps.annotations.selectors.states import (
    answers_of,
    answers_of_reads,
    drawn_segments,
    segmentation_array,
    segmentation_container,
    segmentation_masks,
    segmentation_state,
    segmentation_states,
)

__all__ = [
    "AnnotationHead",
    "answers_of",
    "answers_of_reads",
    "drawn_segments",
    "heads_of",
    "open_text",
    "revision_list_of",
    "seal_text",
    "segmentation_array",
    "segmentation_container",
    "segmentation_digests",
    "segmentation_masks",
    "segmentation_state",
    "segmentation_states",
    "series_stack",
]
