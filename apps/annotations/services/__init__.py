"""The acts of the room: save, write what was computed, copy."""

from apps.annotations.services.answers import answers_save
from apps.annotations.services.saving import Saved
from apps.annotations.services.segmentations import segmentation_save, segmentation_write, segmentations_copy

__all__ = ["Saved", "answers_save", "segmentation_save", "segmentation_write", "segmentations_copy"]
