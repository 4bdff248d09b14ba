"""DICOM Segmentation (PS3.3 A.51, A.91) to and from label maps."""

from imaging.seg.read import read_seg
from imaging.seg.tiled import write_tiled_seg
from imaging.seg.write import write_seg

__all__ = ["read_seg", "write_seg", "write_tiled_seg"]
