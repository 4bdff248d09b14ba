"""Surfaces of segments in patient space: STL and glTF (GLB), the same bytes for the same voxels.

The surface is the half level of marching cubes, taken on the voxel grid and carried to patient space by the affine, so
oblique and sheared grids come out right. Source: Lewiner et al. 2003 (scikit-image); STL binary; glTF 2.0.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import measure

from imaging.errors import ConversionError
from imaging.geometry import VolumeGeometry
from imaging.labelmap import LabelMap, SegmentDescription

Vertices = NDArray[np.float64]
Faces = NDArray[np.int64]

# Untyped in scikit-image.
_marching_cubes: Any = measure.marching_cubes

_GLB_MAGIC, _GLB_VERSION, _CHUNK_JSON, _CHUNK_BINARY = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
_FLOAT, _UNSIGNED_INT, _ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 5126, 5125, 34962, 34963
# LPS millimetres → glTF: metres, +Y up (superior), +Z towards the viewer of a standing patient (anterior).
_LPS_TO_GLTF = [0.001, 0, 0, 0, 0, 0, -0.001, 0, 0, 0.001, 0, 0, 0, 0, 0, 1]


@dataclass(frozen=True)
class Mesh:
    """(N, 3) vertices in mm LPS and (M, 3) indices, counter-clockwise seen from outside."""

    vertices_lps: Vertices
    faces: Faces

    @property
    def volume_mm3(self) -> float:
        """Enclosed volume by the divergence theorem, mm³."""
        corner = self.vertices_lps[self.faces] - self.vertices_lps.mean(axis=0)
        return float(np.einsum("ij,ij->i", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])).sum() / 6)

    @property
    def area_mm2(self) -> float:
        """Surface area, mm²."""
        corner = self.vertices_lps[self.faces]
        return float(
            np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1).sum() / 2
        )


def mesh_of(mask: NDArray[np.bool_], geometry: VolumeGeometry) -> Mesh:
    """The closed surface of `mask` `[slice, row, column]`. Raises `ConversionError` for an empty mask."""
    occupied = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    if not occupied[0].size:
        raise ConversionError("An empty segment has no surface", remedy="Leave it out of the mesh.")
    low = np.array([axis[0] for axis in occupied])
    box = tuple(slice(axis[0], axis[-1] + 1) for axis in occupied)
    # A border of zeros closes the surface where the segment touches the edge of the image.
    padded = np.pad(mask[box], 1).astype(np.float32)
    vertices, faces, _, _ = _marching_cubes(padded, level=0.5, allow_degenerate=False)
    mesh = Mesh(geometry.point_lps(vertices.astype(np.float64) + low - 1), faces.astype(np.int64))
    # The index axes may be left-handed in patient space: outside must stay outside.
    return mesh if mesh.volume_mm3 >= 0 else Mesh(mesh.vertices_lps, mesh.faces[:, ::-1])


def write_stl(path: str | os.PathLike[str], mesh: Mesh) -> None:
    """Binary STL in mm LPS, the space DICOM Encapsulated STL uses (PS3.3 C.35.1)."""
    corner = mesh.vertices_lps[mesh.faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    record = np.zeros(len(mesh.faces), [("normal", "<f4", 3), ("corner", "<f4", (3, 3)), ("attribute", "<u2")])
    record["normal"] = np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)
    record["corner"] = corner
    header = b"SPACE=LPS UNIT=mm".ljust(80)  # the words 3D Slicer looks for
    Path(path).write_bytes(header + struct.pack("<I", len(record)) + record.tobytes())


def write_glb(path: str | os.PathLike[str], meshes: Sequence[tuple[SegmentDescription, Mesh]]) -> None:
    """One GLB with a node per segment; vertices are mm LPS, the root node turns and scales them to glTF's axes.

    Raises `ConversionError` for no mesh.
    """
    if not meshes:
        raise ConversionError("There is no surface to write", remedy="Export segments that hold voxels.")
    binary = bytearray()
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "Fiducial imaging engine"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {
                "name": "patient",
                "matrix": _LPS_TO_GLTF,
                "children": list(range(1, len(meshes) + 1)),
                "extras": {"space": "LPS", "unit": "mm"},
            }
        ],
        "meshes": [],
        "materials": [],
        "accessors": [],
        "bufferViews": [],
    }
    for place, (segment, mesh) in enumerate(meshes):
        _add(document, binary, place, segment, mesh)
    document["buffers"] = [{"byteLength": len(binary)}]
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + len(binary)
    with open(path, "wb") as file:
        file.write(struct.pack("<III", _GLB_MAGIC, _GLB_VERSION, total))
        file.write(struct.pack("<II", len(text), _CHUNK_JSON) + text)
        file.write(struct.pack("<II", len(binary), _CHUNK_BINARY) + binary)


def meshes_of(labelmap: LabelMap) -> list[tuple[SegmentDescription, Mesh]]:
    """The surface of every segment that holds a voxel."""
    found = []
    for segment in labelmap.segments:
        mask = labelmap.mask(segment.number)
        if mask.any():
            found.append((segment, mesh_of(mask, labelmap.geometry)))
    return found


def _add(document: dict[str, Any], binary: bytearray, place: int, segment: SegmentDescription, mesh: Mesh) -> None:
    points = mesh.vertices_lps.astype("<f4")
    views = document["bufferViews"]
    first = len(views)
    for data, target in ((points, _ARRAY_BUFFER), (mesh.faces.astype("<u4"), _ELEMENT_ARRAY_BUFFER)):
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": data.nbytes, "target": target})
        binary += data.tobytes()
    document["accessors"] += [
        {
            "bufferView": first,
            "componentType": _FLOAT,
            "count": len(points),
            "type": "VEC3",
            "min": points.min(axis=0).tolist(),
            "max": points.max(axis=0).tolist(),
        },
        {"bufferView": first + 1, "componentType": _UNSIGNED_INT, "count": mesh.faces.size, "type": "SCALAR"},
    ]
    red, green, blue = segment.recommended_rgb or (204, 204, 204)
    document["materials"].append(
        {
            "name": segment.label,
            "pbrMetallicRoughness": {
                "baseColorFactor": [*(_linear(c) for c in (red, green, blue)), 1.0],
                "metallicFactor": 0.0,
                "roughnessFactor": 0.8,
            },
        }
    )
    document["meshes"].append(
        {"primitives": [{"attributes": {"POSITION": first}, "indices": first + 1, "material": place}]}
    )
    code = {"value": segment.type.value, "scheme": segment.type.scheme_designator, "meaning": segment.type.meaning}
    document["nodes"].append(
        {"name": segment.label, "mesh": place, "extras": {"segment": segment.number, "type": code}}
    )


def _linear(channel: int) -> float:
    """sRGB 0 to 255 → the linear factor glTF wants."""
    value = channel / 255
    return round(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4, 6)
