"""Where sealed bytes lie: a folder or an S3 bucket, behind one set of calls (obstore)."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from django.conf import settings
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, S3Store

from kernel.errors import ConfigurationError
from kernel.keys.errors import SealBrokenError

_MULTIPART_BYTES = 8 * 1024 * 1024


class ObjectStore:
    """Immutable objects by path. A path is written once; nothing here knows what the bytes mean."""

    def __init__(self, url: str) -> None:
        self._store = _open(url)

    def put(self, path: str, content: bytes) -> None:
        """Write an object that is not there yet. Raises `FileExistsError`."""
        try:
            obstore.put(self._store, path, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            raise FileExistsError(path) from None

    def put_stream(self, path: str, chunks: Iterable[bytes]) -> None:
        """Write a large object piece by piece; it appears when it is complete."""
        obstore.put(self._store, path, iter(chunks), use_multipart=True, chunk_size=_MULTIPART_BYTES)

    def get_range(self, path: str, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`. Raises `SealBrokenError` when they are not there."""
        try:
            taken = obstore.get_range(self._store, path, start=start, length=length)
        except FileNotFoundError:
            raise SealBrokenError("A stored object is missing.") from None
        except obstore.exceptions.BaseError as error:
            # Out of range is an error of its own in each back end; anything else is the store being away.
            if "ange" not in str(error):
                raise
            raise SealBrokenError("A stored object is shorter than it was.") from None
        if len(taken) != length:
            raise SealBrokenError("A stored object is shorter than it was.")
        return bytes(taken)

    def delete(self, paths: Iterable[str]) -> None:
        """Remove objects; those already gone do not matter."""
        for path in paths:
            try:
                obstore.delete(self._store, path)
            except FileNotFoundError:
                continue

    def list(self, prefix: str) -> Iterator[tuple[str, dt.datetime]]:
        """Every object under a folder: its path and when it was written (UTC)."""
        for page in obstore.list(self._store, prefix=prefix):
            for entry in page:
                yield entry["path"], entry["last_modified"]


def _open(url: str) -> LocalStore | S3Store:
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(prefix=folder)
    if parts.scheme == "s3":
        # Region, endpoint and credentials come from the AWS_* environment.
        return S3Store.from_url(url, client_options={"allow_http": True, "timeout": "60s"})
    raise ConfigurationError("STORAGE_URL must begin with file:// or s3://; see docs/operations.md.")


@functools.cache
def _store_at(url: str) -> ObjectStore:
    return ObjectStore(url)


def object_store() -> ObjectStore:
    """The store `STORAGE_URL` names."""
    return _store_at(settings.STORAGE_URL)
