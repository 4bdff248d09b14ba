"""`application/vnd.fiducial.slices`: bit planes of segments, as the browser saves them and gets them back.

uint32 big-endian header length, UTF-8 JSON header, then the payloads in the header's order. A plane is row-major over
rows × columns, least significant bit first (numpy `packbits(bitorder="little")`); "bits-deflate" is a zlib stream
(RFC 1950). A payload of length 0 says that the segment is empty on that slice.

What arrives is hostile until checked: every length is bounded before memory is taken for it, and a plane is inflated
to the size its slice has and not one byte further.
"""

from __future__ import annotations

import json
import struct
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

CONTAINER_TYPE = "application/vnd.fiducial.slices"

Encoding = Literal["bits", "bits-deflate"]

MOST_HEADER_BYTES = 8 * 1024 * 1024
MOST_SLICES = 20_000
MOST_SIDE = 65_535


class ContainerError(ValueError):
    """Bytes that are no container; `pointer` is a JSON pointer into the header ("" = the container itself)."""

    def __init__(self, pointer: str, detail: str) -> None:
        self.pointer = pointer
        self.detail = detail
        super().__init__(f"{pointer or '/'}: {detail}")


@dataclass(frozen=True)
class PlaneEntry:
    """One segment on one slice, still encoded. `slice_index` counts from 0 along the normal of the sorted stack."""

    segment: int
    slice_index: int
    sop_instance_uid: str
    rows: int
    columns: int
    encoding: Encoding
    payload: bytes

    @property
    def plane_bytes(self) -> int:
        """Bytes of the bit plane of this slice."""
        return plane_bytes(self.rows, self.columns)

    def plane(self) -> bytes:
        """The bit plane; b"" for an empty one. Raises `ContainerError` when it does not fill its slice exactly."""
        if not self.payload:
            return b""
        plane = self.payload if self.encoding == "bits" else inflate(self.payload, self.plane_bytes)
        if len(plane) != self.plane_bytes:
            raise ContainerError("/slices", f"A plane has {len(plane)} bytes where its slice needs {self.plane_bytes}.")
        return plane


@dataclass(frozen=True)
class Submission:
    """A save: who named it (`client_id`), what it builds on, and the planes that changed."""

    client_id: uuid.UUID
    base_revision: int
    slices: tuple[PlaneEntry, ...]


def plane_bytes(rows: int, columns: int) -> int:
    """Bytes of a bit plane of rows × columns pixels."""
    return (rows * columns + 7) // 8


def inflate(payload: bytes, size: int) -> bytes:
    """A zlib stream of exactly `size` bytes; takes no memory beyond it. Raises `ContainerError`."""
    stream = zlib.decompressobj()
    try:
        plane = stream.decompress(payload, size + 1)
    except zlib.error:
        raise ContainerError("/slices", "A plane is no zlib stream.") from None
    if len(plane) != size or not stream.eof or stream.unused_data:
        raise ContainerError("/slices", f"A plane does not inflate to the {size} bytes of its slice.")
    return plane


def decode_submission(data: bytes) -> Submission:
    """What the browser sent, its planes still encoded. Raises `ContainerError`."""
    header, payloads = _split(data)
    client_id = header.get("client_id")
    try:
        client = uuid.UUID(client_id if isinstance(client_id, str) else "")
    except ValueError:
        raise ContainerError("/client_id", "A save is named by a UUID.") from None
    base = _whole(header, "base_revision", "/base_revision", 0, 2**31 - 1)
    return Submission(client, base, _entries(header, payloads))


def decode_state(data: bytes) -> tuple[int, tuple[PlaneEntry, ...]]:
    """What the server sent: the revision and its planes. Raises `ContainerError`."""
    header, payloads = _split(data)
    return _whole(header, "revision", "/revision", 0, 2**31 - 1), _entries(header, payloads)


def encode_submission(submission: Submission) -> bytes:
    """The bytes `decode_submission` takes."""
    return _join({"client_id": str(submission.client_id), "base_revision": submission.base_revision}, submission.slices)


def encode_state(revision: int, slices: Sequence[PlaneEntry]) -> bytes:
    """The bytes `decode_state` takes."""
    return _join({"revision": revision}, slices)


def _join(header: Mapping[str, Any], slices: Sequence[PlaneEntry]) -> bytes:
    described = [
        {
            "segment": entry.segment,
            "slice_index": entry.slice_index,
            "sop_instance_uid": entry.sop_instance_uid,
            "rows": entry.rows,
            "columns": entry.columns,
            "encoding": entry.encoding,
            "length": len(entry.payload),
        }
        for entry in slices
    ]
    head = json.dumps({**header, "slices": described}, separators=(",", ":")).encode()
    return b"".join([struct.pack(">I", len(head)), head, *(entry.payload for entry in slices)])


def _split(data: bytes) -> tuple[dict[str, Any], memoryview]:
    if len(data) < 4:
        raise ContainerError("", "A container starts with four length bytes.")
    (length,) = struct.unpack_from(">I", data)
    if length > MOST_HEADER_BYTES:
        raise ContainerError("", f"A header has at most {MOST_HEADER_BYTES} bytes.")
    if len(data) < 4 + length:
        raise ContainerError("", "The container ends inside its header.")
    try:
        header = json.loads(data[4 : 4 + length])
    except (ValueError, RecursionError):
        raise ContainerError("", "The header is no JSON.") from None
    if not isinstance(header, dict):
        raise ContainerError("", "The header is no JSON object.")
    return header, memoryview(data)[4 + length :]


def _entries(header: Mapping[str, Any], payloads: memoryview) -> tuple[PlaneEntry, ...]:
    described = header.get("slices")
    if not isinstance(described, list) or len(described) > MOST_SLICES:
        raise ContainerError("/slices", f"A list of at most {MOST_SLICES} slices is needed.")
    entries, offset, seen = [], 0, set()
    for index, slice_header in enumerate(described):
        at = f"/slices/{index}"
        entry, offset = _entry(slice_header, at, payloads, offset)
        if (entry.segment, entry.slice_index) in seen:
            raise ContainerError(at, "The same segment comes twice on the same slice.")
        seen.add((entry.segment, entry.slice_index))
        entries.append(entry)
    if offset != len(payloads):
        raise ContainerError("", "Bytes follow the last plane.")
    return tuple(entries)


def _entry(described: Any, at: str, payloads: memoryview, offset: int) -> tuple[PlaneEntry, int]:
    if not isinstance(described, dict):
        raise ContainerError(at, "A slice is described by an object.")
    encoding = described.get("encoding")
    if encoding not in ("bits", "bits-deflate"):
        raise ContainerError(f"{at}/encoding", "The encoding is bits or bits-deflate.")
    uid = described.get("sop_instance_uid")
    if not isinstance(uid, str) or not 1 <= len(uid) <= 64:
        raise ContainerError(f"{at}/sop_instance_uid", "A SOP Instance UID has 1 to 64 characters.")
    length = _whole(described, "length", f"{at}/length", 0, len(payloads) - offset)
    entry = PlaneEntry(
        segment=_whole(described, "segment", f"{at}/segment", 1, 65_535),
        slice_index=_whole(described, "slice_index", f"{at}/slice_index", 0, 2**31 - 1),
        sop_instance_uid=uid,
        rows=_whole(described, "rows", f"{at}/rows", 1, MOST_SIDE),
        columns=_whole(described, "columns", f"{at}/columns", 1, MOST_SIDE),
        encoding=encoding,
        payload=bytes(payloads[offset : offset + length]),
    )
    return entry, offset + length


def _whole(values: Mapping[str, Any], name: str, at: str, least: int, most: int) -> int:
    value = values.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ContainerError(at, f"A whole number from {least} to {most} is needed.")
    return value
