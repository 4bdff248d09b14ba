"""Segmentation containers in and out of requests: bytes, bounded before they are read."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from apps.annotations.domain.container import CONTAINER_TYPE
from kernel.errors import DomainError

MOST_BYTES = 256 * 1024 * 1024


class ContainerTooLargeError(DomainError):
    code = "container-too-large"
    status = 413
    title = "This save is too large"
    remedy = f"Save fewer slices at once; a container has at most {MOST_BYTES // 2**20} MiB."


class ContainerParser(BaseParser):
    """The raw bytes of `application/vnd.fiducial.slices`."""

    media_type = CONTAINER_TYPE

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """At most `MOST_BYTES`. Raises `ContainerTooLargeError`."""
        content: bytes = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ContainerTooLargeError()
        return content


class ContainerRenderer(JSONRenderer):
    """Lets a client ask for a container and still be told what is wrong: problems and acknowledgements stay JSON."""

    media_type = CONTAINER_TYPE
    charset = None


def container_response(content: bytes) -> HttpResponse:
    """The container as the body; nobody on the way may keep it."""
    return HttpResponse(content, content_type=CONTAINER_TYPE, headers={"Cache-Control": "private, no-store"})
