"""The pixel check of one series: triage, reading, redaction, reading again."""

from __future__ import annotations

import io
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pydicom
from pydicom.dataset import FileDataset

from imaging.burnedin.boxes import TextBox, Verdict
from imaging.burnedin.faces import face_risk
from imaging.burnedin.find import find_text
from imaging.burnedin.redact import Frames, redact, stored_frames
from imaging.burnedin.triage import Scrutiny, triage
from imaging.deid.identifiers import OriginalIdentifiers, collect_identifiers


@dataclass(frozen=True)
class CheckedInstance:
    """One instance after the check: the bytes to go on with, whether its pixels are known to be free of identifying
    text, and the code under which it is withheld, or ""."""

    data: bytes
    text_free: bool
    refusal: str
    boxes: tuple[TextBox, ...] = ()


@dataclass
class _Image:
    index: int
    dataset: FileDataset
    frames: Frames
    first: int = 0


def check_series(
    contents: Sequence[bytes], known: OriginalIdentifiers, *, faces_covered: bool = False
) -> list[CheckedInstance]:
    """Check the files of one series, in the order given; nothing passes because something failed.

    Text to redact is redacted and the result is read again. What needs a person (whole-frame decisions, unsure lines,
    faces unless `faces_covered` by terms of use) is refused with its code.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values
        try:
            return _check(contents, known, faces_covered)
        except Exception:  # fails closed
            return [CheckedInstance(data, False, "pixel-check-failed") for data in contents]


def find_in_series(contents: Sequence[bytes], known: OriginalIdentifiers) -> list[TextBox]:
    """The lines of text in the files of one series. `frame` counts the images of one size in the order they lie.

    Raises PixelDataError where pixels cannot be decoded.
    """
    datasets = [_read(data) for data in contents]
    for dataset in [dataset for dataset in datasets if dataset is not None][:1]:
        known = known.merged(collect_identifiers(dataset))
    return [box for group in _groups(datasets) for box in find_text(_stack(group), known)]


def _check(contents: Sequence[bytes], known: OriginalIdentifiers, faces_covered: bool) -> list[CheckedInstance]:
    datasets = [_read(data) for data in contents]
    readable = [dataset for dataset in datasets if dataset is not None]
    dropped = {i for i, d in enumerate(datasets) if d is not None and triage([d]).scrutiny is Scrutiny.DROP}
    if dropped:
        rest = iter(_check([data for i, data in enumerate(contents) if i not in dropped], known, faces_covered))
        return [_refused(data, "slide-label") if i in dropped else next(rest) for i, data in enumerate(contents)]
    decision = triage(readable)
    if decision.scrutiny is Scrutiny.PERSON:
        return [_refused(data, "burned-in-text") for data in contents]
    if readable and not faces_covered and face_risk(readable).held:
        return [_refused(data, "recognizable-face") for data in contents]
    if decision.scrutiny is Scrutiny.NONE:
        return [CheckedInstance(data, False, "") for data in contents]
    checked = [CheckedInstance(data, False, "") for data in contents]
    for dataset in readable[:1]:
        known = known.merged(collect_identifiers(dataset))
    for group in _groups(datasets):
        for index, instance in _check_group(group, contents, known):
            checked[index] = instance
    return checked


def _check_group(
    group: list[_Image], contents: Sequence[bytes], known: OriginalIdentifiers
) -> list[tuple[int, CheckedInstance]]:
    boxes = find_text(_stack(group), known)
    if any(box.verdict is Verdict.REVIEW for box in boxes):
        return [(image.index, _refused(contents[image.index], "burned-in-text", boxes)) for image in group]
    wanted = [box for box in boxes if box.verdict is Verdict.REDACT]
    if not wanted:
        return [(image.index, CheckedInstance(contents[image.index], True, "", tuple(boxes))) for image in group]
    cleaned = [_redacted(image, wanted, contents[image.index]) for image in group]
    again = [replace(image, frames=stored_frames(_parsed(data))) for image, data in zip(group, cleaned, strict=True)]
    left = find_text(_stack(again), known)
    code = "burned-in-text" if any(box.verdict is not Verdict.KEEP for box in left) else ""
    return [
        (image.index, CheckedInstance(data, not code, code, tuple(boxes)))
        for image, data in zip(group, cleaned, strict=True)
    ]


def _redacted(image: _Image, boxes: Sequence[TextBox], data: bytes) -> bytes:
    count = len(image.frames)
    mine = []
    for box in boxes:
        if box.frame is None:
            mine.append(box)
        elif image.first <= box.frame < image.first + count:
            mine.append(replace(box, frame=box.frame - image.first))
    return redact(image.dataset, mine) if mine else data


def _stack(group: Sequence[_Image]) -> Frames:
    return np.concatenate([image.frames for image in group])


def _groups(datasets: Sequence[FileDataset | None]) -> list[list[_Image]]:
    """Images of one size and kind together, in the order in which they lie, so that neighbours are neighbours."""
    groups: dict[tuple[object, ...], list[_Image]] = defaultdict(list)
    for index, dataset in enumerate(datasets):
        if dataset is not None and "PixelData" in dataset:
            frames = stored_frames(dataset)
            key = (frames.shape[1:], frames.dtype, str(dataset.PhotometricInterpretation))
            groups[key].append(_Image(index, dataset, frames))
    for group in groups.values():
        group.sort(key=lambda image: (_place(image.dataset), image.index))
        first = 0
        for image in group:
            image.first = first
            first += len(image.frames)
    return list(groups.values())


def _place(dataset: FileDataset) -> float:
    position, orientation = dataset.get("ImagePositionPatient"), dataset.get("ImageOrientationPatient")
    if position and orientation and len(orientation) == 6:
        row, column = np.asarray(orientation[:3], float), np.asarray(orientation[3:], float)
        return float(np.dot(np.cross(row, column), np.asarray(position, float)))
    try:
        return float(dataset.get("InstanceNumber") or 0)
    except (TypeError, ValueError):
        return 0.0


def _read(data: bytes) -> FileDataset | None:
    try:
        return _parsed(data)
    except Exception:  # unreadable: de-identification withholds it with its own reason
        return None


def _parsed(data: bytes) -> FileDataset:
    return pydicom.dcmread(io.BytesIO(data), force=True)


def _refused(data: bytes, code: str, boxes: Sequence[TextBox] = ()) -> CheckedInstance:
    return CheckedInstance(data, False, code, tuple(boxes))
