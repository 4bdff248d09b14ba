"""Sealed records: bytes in AES-256-GCM records that can be read from any position.

The plaintext is cut into records of `RECORD_BYTES`. Record i is sealed under the blob's own key with the nonce i (each
key seals one blob once, so no nonce repeats) and the associated data (blob id, i, whether it is the last). A record
that was changed, moved, taken from another blob or cut away does not open (NIST SP 800-38D; the construction is
that of STREAM, Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015).
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.keys.errors import SealBrokenError

RECORD_BYTES = 64 * 1024
TAG_BYTES = 16


def record_count(size: int, record_bytes: int = RECORD_BYTES) -> int:
    """Records of a blob of `size` bytes; an empty blob has one, empty."""
    return max(1, -(-size // record_bytes))


def sealed_size(size: int, record_bytes: int = RECORD_BYTES) -> int:
    """Bytes in the store for `size` bytes of plaintext."""
    return size + TAG_BYTES * record_count(size, record_bytes)


def seal(key: bytes, blob_id: uuid.UUID, content: bytes | memoryview) -> bytes:
    """All records of a blob held in memory, one after the other."""
    return b"".join(seal_stream(key, blob_id, [content]))


def seal_stream(key: bytes, blob_id: uuid.UUID, chunks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """The sealed records of a stream whose end is not known beforehand; holds two records at most beside a chunk."""
    cipher, index, waiting = AESGCM(key), 0, bytearray()
    for chunk in chunks:
        view = memoryview(chunk)
        while len(waiting) + len(view) > RECORD_BYTES:
            taken = RECORD_BYTES - len(waiting)
            waiting += view[:taken]
            yield _seal_record(cipher, blob_id, index, last=False, plaintext=bytes(waiting))
            waiting.clear()
            view, index = view[taken:], index + 1
        waiting += view
    yield _seal_record(cipher, blob_id, index, last=True, plaintext=bytes(waiting))


def open_records(
    key: bytes, blob_id: uuid.UUID, sealed: bytes | memoryview, *, first: int, total: int, record_bytes: int
) -> bytes:
    """The plaintext of consecutive records beginning with number `first` (from 0) of `total`.

    Raises `SealBrokenError` when a record is not the one that was written at this place.
    """
    cipher, view, step = AESGCM(key), memoryview(sealed), record_bytes + TAG_BYTES
    opened = []
    for position in range(0, max(len(view), 1), step):
        index = first + position // step
        try:
            opened.append(
                cipher.decrypt(
                    _nonce(index), view[position : position + step], _associated(blob_id, index, index == total - 1)
                )
            )
        except (InvalidTag, ValueError):
            raise SealBrokenError(f"Record {index} of blob {blob_id} does not open.") from None
    return opened[0] if len(opened) == 1 else b"".join(opened)


def _seal_record(cipher: AESGCM, blob_id: uuid.UUID, index: int, *, last: bool, plaintext: bytes) -> bytes:
    return cipher.encrypt(_nonce(index), plaintext, _associated(blob_id, index, last))


def _nonce(index: int) -> bytes:
    return struct.pack(">IQ", 0, index)


def _associated(blob_id: uuid.UUID, index: int, last: bool) -> bytes:
    return blob_id.bytes + struct.pack(">Q?", index, last)
