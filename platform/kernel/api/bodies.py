"""Bodies that a room's own domain checks, rather than a serializer."""

from __future__ import annotations

from typing import Any

from kernel.errors import InvalidError


def as_object(data: Any) -> dict[str, Any]:
    """The body as a JSON object. Raises `InvalidError`."""
    if not isinstance(data, dict):
        raise InvalidError("The body is a JSON object.", code="not-an-object")
    return data
