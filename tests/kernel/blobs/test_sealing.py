"""Sealed records: whatever is changed on the way does not open."""

from __future__ import annotations

import os
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.blobs.sealing import RECORD_BYTES, TAG_BYTES, open_records, record_count, seal, seal_stream, sealed_size
from kernel.keys.errors import SealBrokenError

KEY, BLOB = b"k" * 32, uuid.UUID(int=7)
STEP = RECORD_BYTES + TAG_BYTES
SIZES = [0, 1, RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, 3 * RECORD_BYTES, 3 * RECORD_BYTES + 17]


def _open(sealed: bytes, size: int, *, blob: uuid.UUID = BLOB, key: bytes = KEY) -> bytes:
    return open_records(key, blob, sealed, first=0, total=record_count(size), record_bytes=RECORD_BYTES)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_opens(size):
    content = os.urandom(size)
    sealed = seal(KEY, BLOB, content)
    assert len(sealed) == sealed_size(size)
    assert _open(sealed, size) == content


@pytest.mark.parametrize("size", SIZES)
def test_pieces_of_any_length_give_the_same_bytes(size):
    content = os.urandom(size)
    pieces = [content[i : i + 7919] for i in range(0, size, 7919)]
    assert b"".join(seal_stream(KEY, BLOB, pieces)) == seal(KEY, BLOB, content)


@given(st.integers(0, 3 * STEP - 1), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_any_flipped_bit_is_found(position, bit):
    size = 3 * RECORD_BYTES
    sealed = bytearray(seal(KEY, BLOB, bytes(size)))
    sealed[position] ^= 1 << bit
    with pytest.raises(SealBrokenError):
        _open(bytes(sealed), size)


@pytest.mark.parametrize("cut", [1, TAG_BYTES, STEP, 2 * STEP])
def test_a_cut_end_is_found(cut):
    size = 3 * RECORD_BYTES
    sealed = seal(KEY, BLOB, bytes(size))[:-cut]
    # Whoever cuts the bytes may also believe the blob to be shorter: the last record says that it is the last.
    with pytest.raises(SealBrokenError):
        _open(sealed, max(len(sealed) - len(sealed) // STEP * TAG_BYTES, 1))


def test_swapped_records_are_found():
    sealed = seal(KEY, BLOB, os.urandom(3 * RECORD_BYTES))
    swapped = sealed[STEP : 2 * STEP] + sealed[:STEP] + sealed[2 * STEP :]
    with pytest.raises(SealBrokenError):
        _open(swapped, 3 * RECORD_BYTES)


def test_another_blobs_bytes_do_not_open():
    sealed = seal(KEY, uuid.UUID(int=8), b"content")
    with pytest.raises(SealBrokenError):
        _open(sealed, 7)
    with pytest.raises(SealBrokenError):
        _open(seal(b"o" * 32, BLOB, b"content"), 7)


def test_equal_records_do_not_look_equal():
    sealed = seal(KEY, BLOB, bytes(2 * RECORD_BYTES))
    assert sealed[:RECORD_BYTES] != sealed[STEP : STEP + RECORD_BYTES]
