"""Unpacking a zip without being taken in: names, nesting, counts, sizes and ratios are checked while it unpacks."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from apps.intake.domain import reasons
from apps.intake.domain.reasons import Reason

MAX_MEMBERS = 200_000
MAX_MEMBER_BYTES = 2 << 30
MAX_TOTAL_BYTES = 400 << 30
MAX_RATIO = 300
_RATIO_FROM_BYTES = 32 << 20
_CHUNK_BYTES = 1 << 20
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_IGNORED = ("__MACOSX/",)


class ArchiveRefusedError(Exception):
    """The archive as a whole goes no further."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


@dataclass(frozen=True)
class Member:
    """One file of an archive: its content, or why there is none."""

    name: str
    content: bytes
    refused: Reason | None = None


def is_archive(head: bytes) -> bool:
    """Whether bytes begin as a zip does."""
    return head.startswith((_ZIP, _EMPTY_ZIP))


def members(stream: BinaryIO, *, max_ratio: int = MAX_RATIO, max_total: int = MAX_TOTAL_BYTES) -> Iterator[Member]:
    """Every file of the archive, one at a time. Raises `ArchiveRefusedError` for an archive that is damaged or a bomb.

    Sizes are counted as they unpack: what the directory claims is not believed.
    """
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError, ValueError):
        raise ArchiveRefusedError(reasons.BAD_ARCHIVE) from None
    infos = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith(_IGNORED)]
    if len(infos) > MAX_MEMBERS:
        raise ArchiveRefusedError(reasons.BOMB)
    budget = _Budget(max_ratio, max_total)
    for info in infos:
        name = info.filename.replace("\\", "/")
        if not is_safe(name):
            yield Member(name, b"", reasons.UNSAFE_NAME)
        elif info.flag_bits & 1:
            yield Member(name, b"", reasons.ENCRYPTED)
        else:
            yield _member(archive, info, name, budget)


def is_safe(name: str) -> bool:
    """Whether a member's name stays inside the archive."""
    return (
        bool(name)
        and not name.startswith("/")
        and ":" not in name.split("/")[0]
        and "\0" not in name
        and not (posixpath.normpath(name).startswith(".."))
    )


class _Budget:
    """How much may still be unpacked."""

    def __init__(self, max_ratio: int, max_total: int) -> None:
        self._max_ratio, self._max_total = max_ratio, max_total
        self._packed = self._unpacked = 0

    def begin(self, packed: int) -> None:
        self._packed += packed

    def spend(self, count: int) -> None:
        self._unpacked += count
        too_dense = self._unpacked > _RATIO_FROM_BYTES and self._unpacked > self._max_ratio * max(self._packed, 1)
        if too_dense or self._unpacked > self._max_total:
            raise ArchiveRefusedError(reasons.BOMB)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, budget: _Budget) -> Member:
    pieces, size = [], 0
    budget.begin(info.compress_size)
    try:
        with archive.open(info) as packed:
            while piece := packed.read(_CHUNK_BYTES):
                size += len(piece)
                budget.spend(len(piece))
                if size > MAX_MEMBER_BYTES:
                    return Member(name, b"", reasons.TOO_LARGE)
                pieces.append(piece)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError):
        return Member(name, b"", reasons.UNREADABLE)
    content = b"".join(pieces)
    if is_archive(content):
        return Member(name, b"", reasons.NESTED)
    return Member(name, content)
