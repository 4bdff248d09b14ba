"""The container: what goes in comes out, and hostile bytes are refused before they cost anything."""

from __future__ import annotations

import json
import struct
import tracemalloc
import uuid
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.annotations.domain.container import (
    ContainerError,
    PlaneEntry,
    Submission,
    decode_state,
    decode_submission,
    encode_state,
    encode_submission,
    inflate,
    plane_bytes,
)

CLIENT = uuid.UUID("0192f0c4-0000-7000-8000-000000000001")


def header_of(**changes: Any) -> dict[str, Any]:
    """The header of a container with one empty plane."""
    slices = [
        {
            "segment": 1,
            "slice_index": 0,
            "sop_instance_uid": "1.2.3",
            "rows": 4,
            "columns": 5,
            "encoding": "bits-deflate",
            "length": 0,
        }
    ]
    return {"client_id": str(CLIENT), "base_revision": 0, "slices": slices} | changes


def container(header: Any, payload: bytes = b"") -> bytes:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">I", len(head)) + head + payload


@st.composite
def entries(draw: st.DrawFn) -> PlaneEntry:
    rows, columns = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    size = plane_bytes(rows, columns)
    plane = draw(st.one_of(st.just(b""), st.binary(min_size=size, max_size=size)))
    encoding = draw(st.sampled_from(["bits", "bits-deflate"]))
    return PlaneEntry(
        segment=draw(st.integers(1, 65_535)),
        slice_index=draw(st.integers(0, 5_000)),
        sop_instance_uid=f"1.2.{draw(st.integers(0, 10**30))}",
        rows=rows,
        columns=columns,
        encoding=encoding,  # type: ignore[arg-type]  # drawn from the two
        payload=plane if encoding == "bits" else zlib.compress(plane) if plane else b"",
    )


unique = st.lists(entries(), max_size=6, unique_by=lambda e: (e.segment, e.slice_index))


@settings(max_examples=60, deadline=None)
@given(unique, st.integers(0, 2**31 - 1))
def test_what_goes_in_comes_out(slices: list[PlaneEntry], number: int) -> None:
    submission = Submission(CLIENT, number, tuple(slices))
    assert decode_submission(encode_submission(submission)) == submission
    assert decode_state(encode_state(number, slices)) == (number, tuple(slices))


@settings(max_examples=60, deadline=None)
@given(unique)
def test_every_cut_is_refused(slices: list[PlaneEntry]) -> None:
    whole = encode_state(1, slices)
    for end in {0, 3, 4, len(whole) // 2, len(whole) - 1}:
        with pytest.raises(ContainerError):
            decode_state(whole[:end])
    with pytest.raises(ContainerError):
        decode_state(whole + b"\0")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else_is_raised(noise: bytes) -> None:
    with pytest.raises(ContainerError):
        decode_submission(noise)
    with pytest.raises(ContainerError):
        decode_submission(container(noise))


@pytest.mark.parametrize(
    ("header", "pointer"),
    [
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""),
        ([], ""),
        (header_of(client_id="x"), "/client_id"),
        (header_of(client_id=7), "/client_id"),
        (header_of(base_revision=-1), "/base_revision"),
        (header_of(base_revision=True), "/base_revision"),
        (header_of(base_revision="1"), "/base_revision"),
        (header_of(base_revision=1.0), "/base_revision"),
        (header_of(slices={}), "/slices"),
        (header_of(slices=[7]), "/slices/0"),
        (header_of(slices=header_of()["slices"] * 2), "/slices/1"),
        (header_of(slices=[header_of()["slices"][0] | {"segment": 0}]), "/slices/0/segment"),
        (header_of(slices=[header_of()["slices"][0] | {"slice_index": -1}]), "/slices/0/slice_index"),
        (header_of(slices=[header_of()["slices"][0] | {"rows": 65_536}]), "/slices/0/rows"),
        (header_of(slices=[header_of()["slices"][0] | {"encoding": "gzip"}]), "/slices/0/encoding"),
        (header_of(slices=[header_of()["slices"][0] | {"length": 1}]), "/slices/0/length"),
        (header_of(slices=[header_of()["slices"][0] | {"length": 10**30}]), "/slices/0/length"),
        (header_of(slices=[header_of()["slices"][0] | {"sop_instance_uid": ""}]), "/slices/0/sop_instance_uid"),
    ],
)
def test_each_wrong_header_is_pointed_at(header: Any, pointer: str) -> None:
    with pytest.raises(ContainerError) as refused:
        decode_submission(container(header))
    assert refused.value.pointer == pointer


def test_a_declared_header_of_gigabytes_is_refused_by_its_length() -> None:
    with pytest.raises(ContainerError, match="at most"):
        decode_submission(struct.pack(">I", 2**32 - 1) + b"{}")


def test_a_deflate_bomb_takes_no_more_than_its_slice() -> None:
    bomb = zlib.compress(bytes(64 * 1024 * 1024), 9)
    tracemalloc.start()
    with pytest.raises(ContainerError):
        inflate(bomb, plane_bytes(512, 512))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1024 * 1024


@pytest.mark.parametrize(
    "payload", [zlib.compress(bytes(2)), zlib.compress(bytes(4)), b"no zlib", zlib.compress(bytes(3)) + b"x"]
)
def test_a_plane_fills_its_slice_exactly(payload: bytes) -> None:
    entry = PlaneEntry(1, 0, "1.2.3", 4, 6, "bits-deflate", payload)
    assert entry.plane_bytes == 3
    with pytest.raises(ContainerError):
        entry.plane()
    with pytest.raises(ContainerError):
        PlaneEntry(1, 0, "1.2.3", 4, 6, "bits", bytes(4)).plane()


def test_the_bytes_are_the_ones_the_browser_writes() -> None:
    entry = PlaneEntry(2, 7, "1.2.3", 1, 9, "bits", b"\x05\x01")
    data = encode_submission(Submission(CLIENT, 4, (entry,)))
    (length,) = struct.unpack(">I", data[:4])
    assert json.loads(data[4 : 4 + length]) == {
        "client_id": str(CLIENT),
        "base_revision": 4,
        "slices": [
            {
                "segment": 2,
                "slice_index": 7,
                "sop_instance_uid": "1.2.3",
                "rows": 1,
                "columns": 9,
                "encoding": "bits",
                "length": 2,
            }
        ],
    }
    assert data[4 + length :] == b"\x05\x01"
