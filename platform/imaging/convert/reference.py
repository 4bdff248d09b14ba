"""The images that labels were drawn on: their grid and their headers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydicom.dataset import Dataset

from imaging.errors import GeometryError, InputError
from imaging.geometry import VolumeGeometry
from imaging.scan_dataset import read_dataset
from imaging.series import InstanceHeader, VolumeStack, group, read_headers


@dataclass(frozen=True)
class Reference:
    """One volume of a DICOM series."""

    stack: VolumeStack

    @property
    def geometry(self) -> VolumeGeometry:
        """Its grid. Raises `GeometryError` where the slices lie on none."""
        if self.stack.fit is None or self.stack.fit.geometry is None or not self.stack.is_regular:
            raise GeometryError(
                "The slices of the reference series lie on no grid",
                remedy="Repair the series, or name another.",
                path=self.stack.frames[0].header.path,
            )
        return self.stack.fit.geometry

    @cached_property
    def datasets(self) -> list[Dataset]:
        """The headers of its instances, without pixels, in the order of the slices."""
        return [read_dataset(header.source, pixels=False) for header in self.stack.headers]


def files_below(paths: Iterable[Path]) -> list[Path]:
    """Every file, folders opened, in a fixed order. Raises `InputError` for a path that does not exist."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.is_file())
        elif path.is_file():
            found.append(path)
        else:
            raise InputError("There is no such file or folder", remedy="Check the path.", path=path)
    return found


def open_reference(path: Path) -> Reference:
    """The largest volume of the one series below `path`; files that are not DICOM images do not count.

    Raises `InputError` where there is none or there are volumes of several series.
    """
    headers = [header for header in read_headers(files_below([path])) if isinstance(header, InstanceHeader)]
    series = [one for one in group(headers) if one.volumes]
    if len(series) != 1:
        raise InputError(
            f"The reference holds {len(series)} series with a volume", remedy="Name the folder of one.", path=path
        )
    return Reference(series[0].volumes[0])
