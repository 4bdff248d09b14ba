"""Outgoing HTTP: always with a time-out, never following redirects, answers of bounded size."""

from __future__ import annotations

from typing import Any

_TIMEOUT_S = 10
_LARGEST_ANSWER = 1 << 20


class OutgoingError(Exception):
    """The other side did not answer as it should; the message names no secret."""


def get_json(url: str) -> dict[str, Any]:
    """The JSON object at `url`. Raises `OutgoingError`."""
    import httpx  # half a second to import: only a process that asks somebody pays

    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT_S, follow_redirects=False) as response:
            if response.status_code != 200:
                raise OutgoingError(f"answered {response.status_code}")
            body = b""
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _LARGEST_ANSWER:
                    raise OutgoingError("the answer is too large")
        parsed = httpx.Response(200, content=body).json()
    except httpx.HTTPError as error:
        raise OutgoingError(type(error).__name__) from None
    except ValueError:
        raise OutgoingError("the answer is not JSON") from None
    if not isinstance(parsed, dict):
        raise OutgoingError("the answer is not an object")
    return parsed
