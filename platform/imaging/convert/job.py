"""One conversion as the command line and the platform ask for it: a source, a format, a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from imaging.convert.labels import (
    consecutive,
    kind_of,
    read_labels,
    write_label_mha,
    write_label_nifti,
    write_label_nrrd,
)
from imaging.convert.nrrd import write_mha, write_nrrd
from imaging.convert.preview import Window, write_coco, write_png, write_previews, write_rgb_png, yolo_lines
from imaging.convert.reference import Reference
from imaging.convert.series import convert_series
from imaging.errors import ImagingError, InputError, UnsupportedError
from imaging.labelmap import LabelMap, SegmentDescription
from imaging.labelmap_source import child_uid
from imaging.measure.table import measure_labelmap, report_of
from imaging.mesh import meshes_of, write_glb, write_stl
from imaging.pixels import frame_to_rgb_or_mono
from imaging.rtstruct.read import read_rtstruct
from imaging.rtstruct.write import write_rtstruct
from imaging.scan_dataset import read_dataset
from imaging.seg.read import open_dicom
from imaging.seg.write import SegmentationType, write_seg
from imaging.series import InstanceHeader, UnreadableFile, VolumeStack, group, read_headers
from imaging.sr.write import write_sr
from imaging.volume import Volume, load_frames, load_volume

Progress = Callable[[str], None]
Format = Literal["nifti", "seg", "rtstruct", "sr", "stl", "glb", "nrrd", "mha", "coco", "yolo", "png"]
# What images become without labels on them.
IMAGE_FORMATS = frozenset(("nifti", "nrrd", "mha", "png"))
FORMATS: tuple[Format, ...] = ("nifti", "seg", "rtstruct", "sr", "stl", "glb", "nrrd", "mha", "coco", "yolo", "png")


@dataclass(frozen=True)
class LabelJob:
    """Where labels go and what is known about them."""

    to: Format
    out_dir: Path
    content_datetime: datetime
    reference: Reference | None = None
    codes: Sequence[SegmentDescription] | None = None
    segmentation_type: SegmentationType = "BINARY"

    def images(self) -> Reference:
        """The reference. Raises `InputError` where there is none."""
        if self.reference is None:
            raise InputError(
                f"Labels cannot become {self.to} without their images", remedy="Name the series with --reference."
            )
        return self.reference


def convert_labels(
    path: Path, job: LabelJob, *, name: str | None = None, progress: Progress = lambda line: None
) -> list[Path]:
    """The label file `path` in the form that `job` asks for; the files written. Raises what reading and writing do.

    Files are named after `name`, or after the source.
    """
    geometry = None if job.reference is None else job.reference.geometry
    base = job.out_dir / (name or stem_of(path))
    if job.to == "rtstruct" and kind_of(path) == "rtstruct":
        # Contours stay contours: no detour over voxels.
        ds = write_rtstruct(read_rtstruct(path), job.images().datasets, **_identity(path, job, "rtstruct"))
        return [_saved(ds, base.with_name(base.name + ".rtstruct.dcm"))]
    labelmap = read_labels(path, reference=geometry, codes=job.codes)
    progress(f"{path.name}: {len(labelmap.segments)} segment(s) to {job.to}")
    return _WRITERS[job.to](labelmap, path, base, job)


def convert_images(
    files: Sequence[Path], to: Format, out_dir: Path, *, progress: Progress = lambda line: None
) -> tuple[list[Path], list[ImagingError]]:
    """DICOM images as NIfTI, NRRD, MHA or PNG: the files written and what was refused."""
    if to == "nifti":
        results = convert_series(files, out_dir, progress=progress)
        written = [p for result in results for p in (result.image, result.sidecar) if p is not None]
        return written, [result.error for result in results if result.error is not None]
    if to not in IMAGE_FORMATS:
        return [], [UnsupportedError(f"Images cannot become {to}", remedy="Give the labels drawn on them.")]
    written, errors = [], []
    headers = read_headers(files)
    errors += [header.error for header in headers if isinstance(header, UnreadableFile)]
    for number, series in enumerate(group([h for h in headers if isinstance(h, InstanceHeader)]), start=1):
        for index, stack in enumerate(series.stacks, start=1):
            base = out_dir / f"{series.modality.lower() or 'ot'}_{number}_{index}"
            progress(f"{base.name}: {len(stack.frames)} frame(s) to {to}")
            try:
                if to == "png":
                    written += _pngs(stack, base)
                    continue
                volume = load_volume(stack)
                target = base.with_name(f"{base.name}.{to}")
                (write_nrrd if to == "nrrd" else write_mha)(target, volume.array, volume.geometry)
                written.append(target)
            except ImagingError as error:
                errors.append(error)
    return written, errors


def _pngs(stack: VolumeStack, base: Path) -> list[Path]:
    """One PNG a frame as it is meant to be seen: colour as colour, MONOCHROME1 inverted, the rest windowed."""
    header = stack.frames[0].header
    if header.photometric_interpretation == "PALETTE COLOR":
        ds = read_dataset(header.source)
        frames = np.stack([frame_to_rgb_or_mono(ds, frame.frame_index) for frame in stack.frames])
    else:
        frames = load_frames(stack, values="modality").array
    if frames.ndim == 3:
        # MONOCHROME1 shows small values bright (PS3.3 C.7.6.3.1.2).
        shown = -frames.astype(np.float32) if header.photometric_interpretation == "MONOCHROME1" else frames
        return write_previews(None, shown, base.parent, name=base.name)
    written = []
    for index, frame in enumerate(frames):
        written.append(base.with_name(f"{base.name}_{index:04d}.png"))
        write_rgb_png(written[-1], frame)
    return written


def _identity(path: Path, job: LabelJob, kind: str) -> dict[str, Any]:
    """UIDs that depend on the source, the format, the meaning given and the time only."""
    digest = hashlib.sha256(path.read_bytes())
    digest.update(repr((kind, job.segmentation_type, job.codes, job.content_datetime.isoformat())).encode())
    seed = digest.hexdigest()
    return {
        "series_instance_uid": child_uid(seed, "series"),
        "sop_instance_uid": child_uid(seed, "instance"),
        "content_datetime": job.content_datetime,
    }


def _saved(ds: Any, path: Path) -> Path:
    ds.save_as(path)
    return path


def _nifti(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    return write_label_nifti(labelmap, base.with_name(base.name + ".nii.gz"))


def _nrrd(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    return write_label_nrrd(labelmap, base.with_name(base.name + ".seg.nrrd"))


def _mha(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    return write_label_mha(labelmap, base.with_name(base.name + ".mha"))


def _seg(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    kind = job.segmentation_type
    numbered = labelmap if kind == "LABELMAP" else consecutive(labelmap)
    ds = write_seg(numbered, job.images().datasets, segmentation_type=kind, **_identity(path, job, "seg"))
    return [_saved(ds, base.with_name(base.name + ".seg.dcm"))]


def _rtstruct(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    ds = write_rtstruct(labelmap, job.images().datasets, **_identity(path, job, "rtstruct"))
    return [_saved(ds, base.with_name(base.name + ".rtstruct.dcm"))]


def _sr(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    """A report measures segments of a SEG: the given one, or one written beside it."""
    images = job.images()
    written: list[Path] = []
    if kind_of(path) == "seg":
        segmentation = open_dicom(path)
    else:
        labelmap = consecutive(labelmap)
        written = _seg(labelmap, path, base, job)
        segmentation = open_dicom(written[0])
    measured = measure_labelmap(labelmap, load_reference_values(images))
    report = report_of(
        measured,
        segmentation_uid=str(segmentation.SOPInstanceUID),
        source_series_uid=images.stack.frames[0].header.series_instance_uid,
    )
    ds = write_sr(report, images.datasets, [segmentation], **_identity(path, job, "sr"))
    return [*written, _saved(ds, base.with_name(base.name + ".sr.dcm"))]


def _stl(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    written = []
    for segment, mesh in meshes_of(labelmap):
        written.append(base.with_name(f"{base.name}_{segment.number}.stl"))
        write_stl(written[-1], mesh)
    return written


def _glb(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    target = base.with_name(base.name + ".glb")
    write_glb(target, meshes_of(labelmap))
    return [target]


def _png(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    values = load_volume(job.images().stack).array
    return write_previews(labelmap, values, base.parent, name=base.name)


def _slices(labelmap: LabelMap, base: Path, job: LabelJob) -> list[Path]:
    """One PNG per slice under `images/`, every slice: a slice without a finding is a training example too."""
    values = load_volume(job.images().stack).array
    folder = base.parent / "images"
    folder.mkdir(exist_ok=True)
    window = Window.of(values)
    written = []
    for index, plane in enumerate(values):
        written.append(folder / f"{base.name}_{index:04d}.png")
        write_png(written[-1], plane, window)
    return written


def _coco(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    images = _slices(labelmap, base, job)
    target = base.with_name(base.name + ".coco.json")
    write_coco(labelmap, [f"images/{image.name}" for image in images], target)
    return [*images, target]


def _yolo(labelmap: LabelMap, path: Path, base: Path, job: LabelJob) -> list[Path]:
    images = _slices(labelmap, base, job)
    folder = base.parent / "labels"
    folder.mkdir(exist_ok=True)
    written = list(images)
    for index, image in enumerate(images):
        written.append(folder / f"{image.stem}.txt")
        written[-1].write_text("".join(line + "\n" for line in yolo_lines(labelmap, index)), "utf-8")
    names = base.with_name(base.name + ".names")
    names.write_text("".join(segment.label + "\n" for segment in labelmap.segments), "utf-8")
    return [*written, names]


_WRITERS: dict[str, Callable[[LabelMap, Path, Path, LabelJob], list[Path]]] = {
    "nifti": _nifti,
    "nrrd": _nrrd,
    "mha": _mha,
    "seg": _seg,
    "rtstruct": _rtstruct,
    "sr": _sr,
    "stl": _stl,
    "glb": _glb,
    "png": _png,
    "coco": _coco,
    "yolo": _yolo,
}


def load_reference_values(reference: Reference) -> Volume:
    """The reference in SUV where it is a PET that can give them, else in modality values (HU …)."""
    if reference.stack.frames[0].header.modality == "PT":
        try:
            return load_volume(reference.stack, values="suv")
        except ImagingError:
            pass
    return load_volume(reference.stack)


def stem_of(path: Path) -> str:
    """The name of a label file without the suffixes of its format."""
    name = path.name
    for suffix in (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".mha", ".mhd", ".dcm", ".seg"):
        name = name.removesuffix(suffix)
    return name
