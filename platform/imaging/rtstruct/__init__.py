"""RT Structure Sets (PS3.3 A.19) to and from label maps: contours in patient space and what they enclose."""

from imaging.rtstruct.contours import Contour, RoiContours, StructureSet
from imaging.rtstruct.raster import rasterize, structure_set_to_labelmap
from imaging.rtstruct.read import read_rtstruct
from imaging.rtstruct.trace import trace
from imaging.rtstruct.write import write_rtstruct

__all__ = [
    "Contour",
    "RoiContours",
    "StructureSet",
    "rasterize",
    "read_rtstruct",
    "structure_set_to_labelmap",
    "trace",
    "write_rtstruct",
]
