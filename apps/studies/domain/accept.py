"""What a client accepts: the Accept header and query parameter of PS3.18 8.3.3, with quality values (RFC 9110 12.5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*("[^"]*"|[^;,"]*)')
_SPLIT = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')


@dataclass(frozen=True)
class MediaRange:
    """One accepted media type. For multipart/related, `inner` is the type of the parts."""

    media_type: str
    inner: str
    transfer_syntax: str
    quality: float

    @property
    def is_multipart(self) -> bool:
        return self.media_type == "multipart/related"

    @property
    def content_type(self) -> str:
        """The type of the bytes themselves."""
        return self.inner if self.is_multipart else self.media_type


def parse_accept(text: str) -> list[MediaRange]:
    """The accepted types, best first; equal quality keeps the order sent. Nothing said means anything."""
    ranges = [_range(part) for part in _SPLIT.split(text) if part.strip()]
    found = [r for r in ranges if r.quality > 0]
    return sorted(found, key=lambda r: -r.quality) or [MediaRange("*/*", "", "", 1.0)]


def _range(part: str) -> MediaRange:
    media_type = part.split(";", 1)[0].strip().lower()
    parameters = {name.lower(): value.strip().strip('"') for name, value in _PARAMETER.findall(part)}
    try:
        quality = float(parameters.get("q", "1"))
    except ValueError:
        quality = 0.0
    return MediaRange(
        media_type=media_type,
        inner=parameters.get("type", "").lower(),
        transfer_syntax=parameters.get("transfer-syntax", ""),
        quality=quality,
    )
