"""Label files as `compare` and `consensus` take them: any format `imaging.convert` reads, and npz."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.convert.labels import kind_of, read_labels
from imaging.convert.reference import open_reference
from imaging.errors import InputError, UnreadableFileError
from imaging.geometry import VolumeGeometry
from imaging.labelmap_grid import align_labelmap
from imaging.metrics.masks import as_labelmap

Spacing = Sequence[float] | VolumeGeometry

_NPZ_LABELS = ("labels", "label", "mask", "segmentation", "array", "arr_0")
_NPZ_SPACING = ("spacing", "spacing_mm")


@dataclass(frozen=True)
class LabelArrays:
    """Voxels per class on one grid: one array, or one mask per class where segments overlap.

    `spacing` is a `VolumeGeometry`, or mm in array-axis order for npz.
    """

    array: NDArray[Any] | None
    masks: dict[int, NDArray[np.bool_]]
    classes: tuple[int, ...]
    spacing: Spacing

    def mask(self, label: int) -> NDArray[np.bool_]:
        """Bool array of one class; all False where it does not occur."""
        if self.array is not None:
            return np.asarray(self.array == label)
        shape = next(iter(self.masks.values())).shape
        return self.masks.get(label, np.zeros(shape, bool))


def read_pair(reference: Path, prediction: Path, series: Path | None) -> tuple[LabelArrays, LabelArrays]:
    """Reference and prediction on the grid of the reference. Contours take the grid of the other file or the series.

    Raises `InputError`, `GeometryError` where the grids do not share voxel centres, and what the readers raise.
    """
    grid = None if series is None else open_reference(series).geometry
    if grid is None and _is_contours(reference) and not _is_contours(prediction):
        theirs = _read(prediction, None, "pred")
        grid = _geometry(theirs, prediction)
        return _read(reference, grid, "ref"), theirs
    ours = _read(reference, grid, "ref")
    wanted = ours.spacing if isinstance(ours.spacing, VolumeGeometry) else None
    return ours, _read(prediction, wanted, "pred")


def read_readers(paths: Sequence[Path], series: Path | None) -> list[LabelArrays]:
    """All readers' labels on the grid of the first; one npz may hold several as `readers` (reader first)."""
    grid = None if series is None else open_reference(series).geometry
    if len(paths) == 1 and _is_npz(paths[0]):
        stacked = _stacked_readers(paths[0])
        if stacked:
            return stacked
    found: list[LabelArrays] = []
    for path in paths:
        first = found[0].spacing if found else grid
        found.append(_read(path, first if isinstance(first, VolumeGeometry) else None, "labels"))
    return found


def _read(path: Path, grid: VolumeGeometry | None, role: str) -> LabelArrays:
    if _is_npz(path):
        return _from_npz(path, role)
    labelmap = read_labels(path, reference=grid if _is_contours(path) else None)
    if grid is not None:
        labelmap = align_labelmap(labelmap, grid)
    numbers = tuple(segment.number for segment in labelmap.segments)
    masks = {} if labelmap.array is not None else dict(zip(numbers, labelmap.masks, strict=True))
    return LabelArrays(labelmap.array, masks, numbers, labelmap.geometry)


def _is_npz(path: Path) -> bool:
    return path.suffix.lower() == ".npz"


def _is_contours(path: Path) -> bool:
    return not _is_npz(path) and kind_of(path) == "rtstruct"


def _geometry(labels: LabelArrays, path: Path) -> VolumeGeometry:
    if isinstance(labels.spacing, VolumeGeometry):
        return labels.spacing
    raise InputError("Contours need a grid in patient space", remedy="Name the images with --series.", path=path)


def _from_npz(path: Path, role: str) -> LabelArrays:
    content = _npz(path)
    array = as_labelmap(_chosen(content, path, role), name=f"label array of {path.name}")
    return LabelArrays(array, {}, _labels_of(array), _spacing(content, array.ndim))


def _stacked_readers(path: Path) -> list[LabelArrays]:
    content = _npz(path)
    if "readers" not in content:
        return []
    arrays = [as_labelmap(reader, name=f"reader of {path.name}") for reader in content["readers"]]
    return [LabelArrays(array, {}, _labels_of(array), _spacing(content, array.ndim)) for array in arrays]


def _npz(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UnreadableFileError(
            "The file cannot be read as npz", remedy="Save it with numpy.savez.", path=path
        ) from error


def _chosen(content: dict[str, NDArray[Any]], path: Path, role: str) -> NDArray[Any]:
    """The array that plays the role (`ref`, `pred`), else one named as labels are, else the only one there is."""
    names = [*(name for name in content if name.startswith(role)), *(n for n in _NPZ_LABELS if n in content)]
    if names:
        return content[names[0]]
    others = [name for name in content if name not in _NPZ_SPACING and content[name].ndim in (2, 3)]
    if len(others) == 1:
        return content[others[0]]
    raise InputError(
        "It is not clear which array holds the labels", remedy='Name it "labels" and its spacing "spacing".', path=path
    )


def _spacing(content: dict[str, NDArray[Any]], ndim: int) -> tuple[float, ...]:
    for name in _NPZ_SPACING:
        if name in content:
            return tuple(float(value) for value in content[name].ravel())
    return (1.0,) * ndim


def _labels_of(array: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(label) for label in np.unique(array) if label) or (1,)
