"""Write, read, hand over and remove sealed bytes, in the tenant in scope.

A blob belongs to a key (`kernel.keys`): the subject's, the delivery's, the project's. Each blob has a random key of
its own, wrapped under one derived from its owner's secret: handing a blob over (quarantine → subject) rewraps 32
bytes and moves none, and destroying the owner's secret makes every blob of theirs unreadable at once.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from django.db import transaction
from django.utils import timezone

from kernel.blobs.models import Blob
from kernel.blobs.sealing import RECORD_BYTES, open_records, record_count, seal, seal_stream, sealed_size
from kernel.blobs.store import object_store
from kernel.ids import uuid7
from kernel.keys.derive import derive
from kernel.keys.errors import KeyDestroyedError
from kernel.keys.models import WrappedKey
from kernel.keys.root import AesGcmKey
from kernel.keys.services import key_secret, key_secrets
from kernel.tenancy.scope import current_tenant_id

_IN_MEMORY_BYTES = 16 * 1024 * 1024
_PARALLEL_PUTS = 4
_READ_BYTES = 32 * RECORD_BYTES


def blob_write(key: WrappedKey, content: bytes | BinaryIO | Iterable[bytes]) -> Blob:
    """Seal `content` under `key` and store it. The same content of the same owner is kept once.

    Large content is streamed: no more than 16 MiB of it is held at a time.
    """
    if isinstance(content, bytes):
        return blobs_write(key, [content])[0]
    chunks = iter(content if not hasattr(content, "read") else iter(lambda: content.read(RECORD_BYTES * 16), b""))
    head, size = [], 0
    for chunk in chunks:
        head.append(chunk)
        size += len(chunk)
        if size > _IN_MEMORY_BYTES:
            return _write_stream(key, head, chunks)
    return blobs_write(key, [b"".join(head)])[0]


def blobs_write(key: WrappedKey, contents: Sequence[bytes]) -> list[Blob]:
    """Seal and store several contents of one owner, in order: a constant number of queries, parallel writes."""
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    known = {blob.digest: blob for blob in Blob.objects.filter(key=key, digest__in=digests, erased_at__isnull=True)}
    fresh = {digest: content for digest, content in zip(digests, contents, strict=True) if digest not in known}
    if fresh:
        wrapping = _wrapping(key_secret(key.pk))
        made = [_seal_new(key, wrapping, digest, content) for digest, content in fresh.items()]
        _put_all(made)
        known |= _insert([blob for blob, _ in made])
    return [known[digest] for digest in digests]


def blob_read(blob: Blob) -> bytes:
    """All of it. Raises `KeyDestroyedError`, `SealBrokenError`."""
    return blob_read_range(blob, 0, blob.size)


def blob_read_range(blob: Blob, offset: int, length: int) -> bytes:
    """`length` bytes from `offset`; only the records that hold them are fetched and opened.

    Raises `ValueError` outside the blob, `KeyDestroyedError`, `SealBrokenError`.
    """
    if offset < 0 or length < 0 or offset + length > blob.size:
        raise ValueError("the range lies outside the blob")
    return _read(blob, _own_key(blob), offset, length)


def blobs_read(blobs: Sequence[Blob]) -> Iterator[bytes]:
    """Each blob's content, in order. Keys are looked up now, so that the bytes may be read after the scope ended."""
    secrets = key_secrets({blob.key_id for blob in blobs})
    opened = [(blob, _own_key(blob, secrets[blob.key_id])) for blob in blobs]
    return (_read(blob, own_key, 0, blob.size) for blob, own_key in opened)


def blob_stream(blob: Blob) -> Iterator[bytes]:
    """All of it in pieces of 2 MiB, each opened and checked before it is given out."""
    own_key = _own_key(blob)
    for offset in range(0, max(blob.size, 1), _READ_BYTES):
        yield _read(blob, own_key, offset, min(_READ_BYTES, blob.size - offset))


def blobs_hand_over(blobs: Sequence[Blob], key: WrappedKey) -> list[Blob]:
    """Give blobs to another owner: their keys are wrapped anew, no byte moves. Returns what stands for each, in order.

    Where the new owner holds the same content already, that blob is returned and the given one is left as it is.
    """
    held = {b.digest: b for b in Blob.objects.filter(key=key, digest__in=[b.digest for b in blobs])}
    moving = {b.digest: b for b in blobs if b.key_id != key.pk and b.digest not in held}
    secrets = key_secrets({b.key_id for b in moving.values()} | {key.pk})
    wrapping = _wrapping(secrets[key.pk])
    for blob in moving.values():
        own_key = _own_key(blob, secrets[blob.key_id])
        blob.key, blob.wrapped_key = key, wrapping.wrap(own_key, blob.pk.bytes)
    Blob.objects.bulk_update(moving.values(), ["key", "wrapped_key"], batch_size=500)
    return [held.get(b.digest) or moving.get(b.digest) or b for b in blobs]


def blobs_delete(blobs: Sequence[Blob]) -> None:
    """Remove rows now and their bytes after the commit. Nothing may refer to them any more."""
    paths = [blob.path for blob in blobs]
    Blob.objects.filter(pk__in=[blob.pk for blob in blobs]).delete()
    transaction.on_commit(lambda: object_store().delete(paths))


def blobs_erase_of(key: WrappedKey) -> int:
    """Forget what a destroyed key sealed: bytes go, rows stay as tombstones without digest. Returns how many."""
    rows = list(Blob.objects.filter(key=key, erased_at__isnull=True))
    object_store().delete(row.path for row in rows)
    now = timezone.now()
    for row in rows:
        row.digest, row.wrapped_key, row.erased_at = "", b"", now
    Blob.objects.bulk_update(rows, ["digest", "wrapped_key", "erased_at"], batch_size=500)
    return len(rows)


def _seal_new(key: WrappedKey, wrapping: AesGcmKey, digest: str, content: bytes) -> tuple[Blob, bytes]:
    blob, own_key = _new(key, wrapping)
    blob.digest, blob.size = digest, len(content)
    return blob, seal(own_key, blob.pk, content)


def _new(key: WrappedKey, wrapping: AesGcmKey) -> tuple[Blob, bytes]:
    own_key, blob_id = os.urandom(32), uuid7()
    name = uuid.uuid4().hex
    path = f"{current_tenant_id()}/{name[:2]}/{name}"
    return Blob(pk=blob_id, key=key, path=path, wrapped_key=wrapping.wrap(own_key, blob_id.bytes)), own_key


def _write_stream(key: WrappedKey, head: list[bytes], rest: Iterable[bytes]) -> Blob:
    blob, own_key = _new(key, _wrapping(key_secret(key.pk)))
    seen = hashlib.sha256()

    def counted() -> Iterator[bytes]:
        while head:
            yield _counted(head.pop(0))
        for chunk in rest:
            yield _counted(chunk)

    def _counted(chunk: bytes) -> bytes:
        seen.update(chunk)
        blob.size = (blob.size or 0) + len(chunk)
        return chunk

    object_store().put_stream(blob.path, seal_stream(own_key, blob.pk, counted()))
    blob.digest = seen.hexdigest()
    return _insert([blob])[blob.digest]


def _put_all(made: list[tuple[Blob, bytes]]) -> None:
    store = object_store()
    if len(made) == 1:
        store.put(made[0][0].path, made[0][1])
        return
    with ThreadPoolExecutor(_PARALLEL_PUTS) as pool:
        for _ in pool.map(lambda pair: store.put(pair[0].path, pair[1]), made):
            pass


def _insert(blobs: list[Blob]) -> dict[str, Blob]:
    """Insert the rows; where another transaction stored the same content first, its row stands and our bytes go."""
    Blob.objects.bulk_create(blobs, ignore_conflicts=True, batch_size=500)
    digests = [blob.digest for blob in blobs]
    stored = {b.digest: b for b in Blob.objects.filter(key=blobs[0].key, digest__in=digests, erased_at__isnull=True)}
    lost = [blob.path for blob in blobs if stored[blob.digest].pk != blob.pk]
    if lost:
        object_store().delete(lost)
    return stored


def _wrapping(secret: bytes) -> AesGcmKey:
    return AesGcmKey(derive(secret, "blob keys"))


def _own_key(blob: Blob, secret: bytes | None = None) -> bytes:
    if blob.erased_at is not None:
        raise KeyDestroyedError()
    return _wrapping(secret or key_secret(blob.key_id)).unwrap(bytes(blob.wrapped_key), blob.pk.bytes)


def _read(blob: Blob, own_key: bytes, offset: int, length: int) -> bytes:
    size, step = blob.record_bytes, blob.record_bytes + sealed_size(0)
    total = record_count(blob.size, size)
    first, last = offset // size, max(offset, offset + length - 1) // size
    first, last = min(first, total - 1), min(last, total - 1)
    end = sealed_size(blob.size, size) if last == total - 1 else (last + 1) * step
    sealed = object_store().get_range(blob.path, first * step, end - first * step)
    opened = open_records(own_key, blob.pk, sealed, first=first, total=total, record_bytes=size)
    start = offset - first * size
    return opened if start == 0 and length == len(opened) else opened[start : start + length]
