"""multipart/related, written and read piece by piece (RFC 2387, RFC 2046 5.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_CHUNK_BYTES = 256 * 1024
_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_MAX_HEADER_BYTES = 16 * 1024


class MultipartError(ValueError):
    """The body is not what its Content-Type says."""


@dataclass(frozen=True)
class Part:
    """The content of one part and its Content-Type."""

    content_type: str
    content: bytes


def encode(parts: Iterable[Part], boundary: str) -> Iterator[bytes]:
    """The body, a few pieces for each part."""
    for part in parts:
        head = f"--{boundary}\r\nContent-Type: {part.content_type}\r\nContent-Length: {len(part.content)}\r\n\r\n"
        yield head.encode()
        yield part.content
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def boundary_of(content_type: str) -> str:
    """The boundary a Content-Type names. Raises `MultipartError`."""
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise MultipartError("the Content-Type names no boundary")
    return match.group(1) or match.group(2)


def decode(read: Callable[[int], bytes], boundary: str, *, max_part_bytes: int) -> Iterator[Part]:
    """The parts of a body, one at a time; `read(n)` gives at most n bytes and b"" at the end.

    Raises `MultipartError` for a part larger than `max_part_bytes`, or a body that ends before its last boundary.
    """
    delimiter = b"\r\n--" + boundary.encode("latin-1")
    body = _Body(read)
    body.prepend(b"\r\n")
    body.take_until(delimiter, max_part_bytes)  # the preamble
    while not body.take(2).startswith(b"--"):
        yield _part(body.take_until(delimiter, max_part_bytes + _MAX_HEADER_BYTES))


def _part(raw: bytes) -> Part:
    end = raw.find(b"\r\n\r\n", 0, _MAX_HEADER_BYTES)
    if end < 0:
        raise MultipartError("a part has no header")
    head, content = raw[:end], raw[end + 4 :]
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return Part(value.strip(), content)
    return Part("", content)


class _Body:
    """A stream read in pieces, searched without copying what was searched before."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._held = bytearray()

    def prepend(self, content: bytes) -> None:
        self._held[:0] = content

    def take(self, count: int) -> bytes:
        while len(self._held) < count:
            self._more()
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    def take_until(self, delimiter: bytes, limit: int) -> bytes:
        searched = 0
        while (found := self._held.find(delimiter, searched)) < 0:
            searched = max(0, len(self._held) - len(delimiter) + 1)
            if searched > limit:
                raise MultipartError("a part is larger than is allowed")
            self._more()
        taken = bytes(self._held[:found])
        del self._held[: found + len(delimiter)]
        return taken

    def _more(self) -> None:
        piece = self._read(_CHUNK_BYTES)
        if not piece:
            raise MultipartError("the body ends before its last boundary")
        self._held += piece
