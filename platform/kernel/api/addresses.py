"""Where a request came from."""

from __future__ import annotations

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Where the request came from: the peer, or what the proxy we run says of it."""
    peer = str(request.META.get("REMOTE_ADDR") or "local")
    forwarded = request.headers.get("X-Real-IP", "")
    return forwarded if forwarded and peer in {"127.0.0.1", "::1", "local"} else peer
