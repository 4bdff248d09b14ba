"""What all DICOMweb resources share: scopes, negotiation, the address they are reached at."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, TypeVar

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from apps.studies.domain.accept import MediaRange, parse_accept
from apps.studies.domain.multipart import Part, encode
from kernel.api.views import TenantView

Answer = TypeVar("Answer", HttpResponse, StreamingHttpResponse)
DICOM_JSON = "application/dicom+json"


class AnyAccept(BaseContentNegotiation):
    """DRF must not refuse what it cannot render: these views answer in DICOM's own types."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


@extend_schema(exclude=True)
class DicomwebView(TenantView):
    """A resource of DICOMweb (PS3.18). Its contract is the standard's, so the OpenAPI file leaves it out."""

    content_negotiation_class = AnyAccept
    read_scope = "dicomweb:read"
    write_scope = "dicomweb:store"
    http_method_names = ["get", "head", "post", "options"]

    def root(self, slug: str) -> str:
        """The absolute address of the project's service, as the client reached it."""
        raw = self.request._request
        prefix = getattr(raw, "tenant_prefix", "")
        return raw.build_absolute_uri(f"{prefix}/dicomweb/v1/projects/{slug}")

    @property
    def accepted(self) -> list[MediaRange]:
        """What the client accepts, best first."""
        text = self.request.query_params.get("accept") or self.request.headers.get("Accept", "")
        return parse_accept(text)


def dicom_json(content: bytes, *, status: int = 200, warnings: Iterable[str] = ()) -> HttpResponse:
    """An answer in DICOM JSON. Warnings go into a Warning header (RFC 7234 5.5, as PS3.18 uses it)."""
    response = HttpResponse(content, content_type=DICOM_JSON, status=status)
    texts = [f'299 fiducial "{text}"' for text in warnings]
    if texts:
        response["Warning"] = ", ".join(texts)
    return _private(response)


def multipart(parts: Iterable[Part], inner: str) -> StreamingHttpResponse:
    """A multipart/related answer, sent part by part."""
    boundary = f"fiducial-{uuid.uuid4().hex}"
    content_type = f'multipart/related; type="{inner}"; boundary={boundary}'
    return _private(StreamingHttpResponse(encode(parts, boundary), content_type=content_type))


def single(content: bytes, content_type: str) -> HttpResponse:
    """One body without parts."""
    return _private(HttpResponse(content, content_type=content_type))


def _private(response: Answer) -> Answer:
    # Only the browser of the person who may see it may keep it, and must ask again whether they still may.
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Accept, Authorization, Cookie"
    return response
