"""The definitions behind the numbers: an id is stored with every metric, because tools differ by definition.

An id names the quantity, the boundary it is taken on, and a version. A change of definition is a new id; the old
id keeps its meaning for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DefinitionSet = Literal["fiducial", "voxel", "surfel", "mesh"]

Boundary = Literal["voxel", "surfel", "mesh"]

# What distances (HD, HD95, ASSD, MASD) and the NSD of each set are taken on.
BOUNDARIES: dict[DefinitionSet, tuple[Boundary, Boundary]] = {
    "fiducial": ("voxel", "surfel"),
    "voxel": ("voxel", "voxel"),
    "surfel": ("surfel", "surfel"),
    "mesh": ("mesh", "mesh"),
}


@dataclass(frozen=True)
class Definition:
    """What a metric id means: `id`, `unit` (UCUM) and the defining sentence."""

    id: str
    unit: str
    text: str


_ON = {
    "voxel": "boundary voxels (mask minus its face-connected erosion on a zero-padded array)",
    "surfel": "surface elements of the binary 2×2×2 neighbourhoods, weighted by their area",
    "mesh": "the triangles of the iso-surface at 0.5, weighted by their area",
}

_DISTANCES = {
    "hd": "largest of all nearest distances between the two boundaries",
    "hd95": "the larger of the two directed 95th percentiles of nearest distances",
    "assd": "mean of the nearest distances of both directions, pooled",
    "masd": "mean of the two directed mean nearest distances",
}


def _all_definitions() -> dict[str, Definition]:
    known = [
        Definition("dice/1", "1", "2·|R∩P| / (|R|+|P|); not defined where both are empty"),
        Definition("iou/1", "1", "|R∩P| / |R∪P|; not defined where both are empty"),
        Definition("volume-error/1", "mL", "volume of P minus volume of R, voxel count × voxel volume"),
        Definition("lesion-any-overlap/1", "1", "connected components; detected where at least one voxel overlaps"),
        Definition(
            "lesion-overlap-part/1", "1", "connected components; detected where more than the named part overlaps"
        ),
    ]
    for boundary, where in _ON.items():
        known += [
            Definition(f"{name}-{boundary}/1", "mm", f"{text}; on {where}; not defined where either is empty")
            for name, text in _DISTANCES.items()
        ]
        known.append(
            Definition(
                f"nsd-{boundary}/1",
                "1",
                f"part of both boundaries within the tolerance of the other; on {where}; 0 where one is empty, "
                "not defined where both are",
            )
        )
    return {definition.id: definition for definition in known}


DEFINITIONS: dict[str, Definition] = _all_definitions()


def definition_ids(definition_set: DefinitionSet) -> dict[str, str]:
    """Field of `SegmentationMetrics` → definition id, for one set."""
    distances, nsd = BOUNDARIES[definition_set]
    return {
        "dice": "dice/1",
        "iou": "iou/1",
        "hd_mm": f"hd-{distances}/1",
        "hd95_mm": f"hd95-{distances}/1",
        "assd_mm": f"assd-{distances}/1",
        "masd_mm": f"masd-{distances}/1",
        "nsd": f"nsd-{nsd}/1",
        "volume_error_ml": "volume-error/1",
    }
