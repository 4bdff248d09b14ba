"""Keyset paging: page n costs what page 1 costs, and rows that arrive meanwhile shift nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response


class KeysetPagination(CursorPagination):
    """Answers `{results, next, previous, total}` where next and previous are opaque cursors."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"

    def __init__(self, ordering: tuple[str, ...] = ("-created_at", "-id")) -> None:
        self._keys = ordering

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        return self._keys

    def response(self, rows: Any, extra: dict[str, Any]) -> Response:
        """The envelope."""
        return Response(
            {
                "results": rows,
                "next": _cursor(self.get_next_link()),
                "previous": _cursor(self.get_previous_link()),
                "total": None,
                **extra,
            }
        )


def _cursor(link: str | None) -> str | None:
    if link is None:
        return None
    values = parse_qs(urlsplit(link).query).get("cursor")
    return values[0] if values else None
