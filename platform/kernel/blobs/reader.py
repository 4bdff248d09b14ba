"""A blob as a seekable file, opened record by record."""

from __future__ import annotations

import io
from typing import Any

from kernel.blobs.models import Blob
from kernel.blobs.services import blob_read_range

_BUFFER_BYTES = 1 << 20


class _BlobFile(io.RawIOBase):
    def __init__(self, blob: Blob) -> None:
        super().__init__()
        self._blob = blob
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._blob.size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the beginning")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        length = max(0, min(len(buffer), self._blob.size - self._position))
        if length:
            buffer[:length] = blob_read_range(self._blob, self._position, length)
            self._position += length
        return length


def blob_open(blob: Blob) -> io.BufferedReader:
    """The blob as a binary file to read and seek in, inside the tenant's scope. Raises as `blob_read` does."""
    return io.BufferedReader(_BlobFile(blob), _BUFFER_BYTES)
