"""Frames of an instance in the transfer syntax a client asks for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from apps.studies.constants import EXPLICIT_LE, HTJ2K_RPCL, IMPLICIT_LE
from apps.studies.domain.frames import frame_ranges, joined
from apps.studies.models import DerivedFrames, Instance
from apps.studies.selectors import derived_frames_of, instances_of
from imaging.codecs import encode_htj2k, is_native
from imaging.errors import ImagingError
from imaging.pixels import FrameReader
from imaging.series_header import read_header
from kernel.blobs.services import blob_read, blob_read_range, blobs_write
from kernel.errors import DomainError, NotFoundError


class NotAcceptableError(DomainError):
    code = "not-acceptable"
    status = 406
    title = "This form of the frames cannot be made"
    remedy = "Ask for transfer-syntax=* (as stored), 1.2.840.10008.1.2.1 or 1.2.840.10008.1.2.4.202."


@dataclass(frozen=True)
class Frames:
    """Frames in the order asked for, all in one transfer syntax."""

    transfer_syntax_uid: str
    frames: list[bytes]


def frames_read(instance: Instance, frame_numbers: Sequence[int], accepted: Sequence[str]) -> Frames:
    """Frames by number (from 1) in the first accepted transfer syntax that can be had; "*" is as stored.

    Raises `NotFoundError` for a frame that does not exist, `NotAcceptableError`.
    """
    if any(not 1 <= number <= instance.frames for number in frame_numbers):
        raise NotFoundError(f"The instance has {instance.frames} frames, counted from 1.")
    indexes = [number - 1 for number in frame_numbers]
    for wanted in accepted:
        found = _in_syntax(instance, indexes, wanted)
        if found is not None:
            return found
    raise NotAcceptableError()


def frames_derive(series_id: uuid.UUID) -> int:
    """Make HTJ2K packs of a series' instances that have none and could have one. Returns how many were made."""
    made = 0
    for instance in instances_of(series_ids=[series_id]).filter(derived__isnull=True, frames__gt=0):
        if is_native(instance.transfer_syntax_uid):
            made += _derive(instance) is not None
    return made


def _in_syntax(instance: Instance, indexes: list[int], wanted: str) -> Frames | None:
    stored = EXPLICIT_LE if instance.transfer_syntax_uid == IMPLICIT_LE else instance.transfer_syntax_uid
    if wanted in {"*", stored} and instance.frame_table is not None:
        return Frames(stored, [_stored_frame(instance, index) for index in indexes])
    if wanted in {"*", EXPLICIT_LE}:
        return Frames(EXPLICIT_LE, _decoded(instance, indexes))
    if wanted == HTJ2K_RPCL:
        derived = derived_frames_of(instance, HTJ2K_RPCL) or _derive(instance)
        if derived is not None:
            return Frames(HTJ2K_RPCL, [_derived_frame(derived, index) for index in indexes])
    return None


def _stored_frame(instance: Instance, index: int) -> bytes:
    assert instance.frame_table is not None
    ranges = frame_ranges(instance.frame_table, index)
    start, length = joined(ranges)
    content = blob_read_range(instance.blob, start, length)
    if len(ranges) == 1:
        return content
    return b"".join(content[offset - start : offset - start + size] for offset, size in ranges)


def _derived_frame(derived: DerivedFrames, index: int) -> bytes:
    start, end = derived.offsets[index], derived.offsets[index + 1]
    return blob_read_range(derived.blob, start, end - start)


def _decoded(instance: Instance, indexes: Iterable[int]) -> list[bytes]:
    """Samples as explicit little endian has them: interleaved by pixel, colour as RGB."""
    try:
        with FrameReader(read_header(blob_read(instance.blob))) as reader:
            return [_little_endian(reader.frame(index)) for index in indexes]
    except ImagingError as error:
        raise NotAcceptableError(error.detail, remedy=error.remedy) from None


def _little_endian(array: np.ndarray) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _derive(instance: Instance) -> DerivedFrames | None:
    """HTJ2K of every frame, kept under the subject's key; None for samples it cannot hold."""
    try:
        with FrameReader(read_header(blob_read(instance.blob))) as reader:
            encoded = [encode_htj2k(reader.frame(index)) for index in range(instance.frames)]
    except ImagingError:
        return None
    offsets = [0]
    for frame in encoded:
        offsets.append(offsets[-1] + len(frame))
    (blob,) = blobs_write(instance.blob.key, [b"".join(encoded)])
    DerivedFrames.objects.bulk_create(
        [DerivedFrames(instance=instance, transfer_syntax_uid=HTJ2K_RPCL, blob=blob, offsets=offsets)],
        ignore_conflicts=True,
    )
    return derived_frames_of(instance, HTJ2K_RPCL)
