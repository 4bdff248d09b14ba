"""The bytes of one case in one format. The same manifest entry and options give the same bytes on any machine."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.filewriter import dcmwrite

from apps.datasets.domain.manifest import Manifest, MemberEntry, SeriesEntry
from apps.exports.constants import ExportFormat
from apps.exports.domain import layout
from imaging.convert.labels import consecutive
from imaging.geometry import VolumeGeometry
from imaging.labelmap import CodedConcept, LabelMap, SegmentDescription, cielab_from_rgb
from imaging.labelmap_source import child_uid
from imaging.nifti import write_nifti
from imaging.seg import write_seg
from imaging.volume import load_volume

Masks = Mapping[int, NDArray[np.bool_]]


@dataclass(frozen=True)
class SeriesInput:
    """What a series' files are written from: the stored instances, and the masks settled on it, by segment number."""

    entry: SeriesEntry
    instances: Mapping[str, bytes]
    masks: Masks


def case_files(
    fmt: str, manifest: Manifest, member: MemberEntry, inputs: list[SeriesInput]
) -> Iterator[tuple[str, bytes]]:
    """The files of one case as (path, content), in order."""
    folder = layout.case_folder(member.split, member.case, member.subject)
    for index, series in enumerate(inputs, start=1):
        if fmt == ExportFormat.NIFTI:
            yield from _nifti(folder, index, manifest, series)
        else:
            yield from _dicom_seg(folder, index, manifest, member, series)
    yield f"{folder}/case.json", layout.canonical(_case_facts(member))


def dataset_files(manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """The files about the whole: the manifest itself, the classes, how it was read."""
    yield "manifest.json", manifest.canonical_bytes()
    yield "labels.json", layout.canonical({"background": 0, "classes": [dict(c) for c in manifest.classes]})


def _nifti(folder: str, index: int, manifest: Manifest, series: SeriesInput) -> Iterator[tuple[str, bytes]]:
    sources = [io.BytesIO(series.instances[i.sop_instance_uid]) for i in series.entry.instances]
    volume = load_volume(sources, values="modality")
    image = io.BytesIO()
    write_nifti(image, volume.array, volume.geometry)
    yield layout.image_path(folder, index, series.entry.modality, ".nii.gz"), image.getvalue()
    labels = _labelmap(manifest, series, volume.geometry)
    if labels.is_overlapping:
        for number in (s.number for s in labels.segments):
            plane = io.BytesIO()
            write_nifti(plane, labels.mask(number).astype(np.uint8), volume.geometry)
            yield layout.labels_path(folder, index, f"_class_{number}.nii.gz"), plane.getvalue()
        return
    label_file = io.BytesIO()
    write_nifti(label_file, labels.labels(), volume.geometry)
    yield layout.labels_path(folder, index, ".nii.gz"), label_file.getvalue()


def _dicom_seg(
    folder: str, index: int, manifest: Manifest, member: MemberEntry, series: SeriesInput
) -> Iterator[tuple[str, bytes]]:
    for entry in series.entry.instances:
        name = f"{folder}/dicom_{index:02d}/{entry.sop_instance_uid}.dcm"
        yield name, series.instances[entry.sop_instance_uid]
    contents = [series.instances[i.sop_instance_uid] for i in series.entry.instances]
    volume = load_volume([io.BytesIO(c) for c in contents], values="stored")
    headers = [pydicom.dcmread(io.BytesIO(c), stop_before_pixels=True) for c in contents]
    seed = (manifest.dataset, member.leaf, series.entry.series_instance_uid)
    dataset = write_seg(
        consecutive(_labelmap(manifest, series, volume.geometry)),
        headers,
        segmentation_type="BINARY",
        series_instance_uid=child_uid(*seed, "series"),
        sop_instance_uid=child_uid(*seed, "instance"),
        instance_number=1,
        series_number=900 + index,
        content_datetime=dt.datetime.fromisoformat(member.settled_at.replace("Z", "+00:00")),
    )
    content = io.BytesIO()
    dcmwrite(content, dataset, enforce_file_format=True)
    yield layout.labels_path(folder, index, ".seg.dcm"), content.getvalue()


def _labelmap(manifest: Manifest, series: SeriesInput, geometry: VolumeGeometry) -> LabelMap:
    # Every class of the schema is a segment, found or not: "nothing found" survives the export.
    segments = tuple(_segment(c) for c in sorted(manifest.classes, key=lambda c: c["number"]))
    empty = np.zeros(geometry.size, bool)
    masks = [np.asarray(series.masks.get(s.number, empty), bool) for s in segments]
    return LabelMap.from_masks(masks, geometry, segments)


def _segment(plain: Mapping[str, Any]) -> SegmentDescription:
    def concept(name: str) -> CodedConcept | None:
        value = plain.get(name)
        return CodedConcept(value["value"], value["scheme_designator"], value["meaning"]) if value else None

    category, kind = concept("category"), concept("type")
    if category is None or kind is None:
        raise ValueError("a label class lacks its category or type")
    colour = str(plain["colour"]).lstrip("#")
    return SegmentDescription(
        number=int(plain["number"]),
        label=str(plain["name"]),
        category=category,
        type=kind,
        anatomic_region=concept("anatomic_region"),
        laterality=concept("laterality"),
        recommended_cielab=cielab_from_rgb(*bytes.fromhex(colour)),
        algorithm_type="MANUAL",
    )


def _case_facts(member: MemberEntry) -> dict[str, Any]:
    return {
        "case": member.case,
        "subject": member.subject,
        "split": member.split,
        "reference": member.reference,
        "readers": member.readers,
        "nothing_found": member.nothing_found,
        "settled_at": member.settled_at,
        "study_instance_uid": member.study_instance_uid,
        "leaf": member.leaf,
    }
