"""If-Match on edits (RFC 9110 §13.1.1): a stale edit is refused, never merged silently."""

from __future__ import annotations

from rest_framework.request import Request

from kernel.errors import StaleEditError


def require_match(request: Request, current: str) -> None:
    """Refuse when the client edited another version than `current`. Without If-Match the edit is taken as it is.

    Raises `StaleEditError`.
    """
    sent = request.headers.get("If-Match")
    if sent is None or sent.strip() == "*":
        return
    if f'"{current}"' not in {part.strip().removeprefix("W/") for part in sent.split(",")}:
        raise StaleEditError(extra={"etag": current})
