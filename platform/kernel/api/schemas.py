"""What the OpenAPI file says of every operation: problems, the tenant prefix, cursors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

CURSOR_PARAMETERS = [
    OpenApiParameter("cursor", str, description="Opaque cursor from `next` or `previous`."),
    OpenApiParameter("page_size", int, description="Rows a page, at most 500."),
]


_PAGES: dict[type[serializers.BaseSerializer[Any]], type[serializers.Serializer[Any]]] = {}


def page_of(serializer: type[serializers.BaseSerializer[Any]], **extra: serializers.Field[Any, Any, Any, Any]) -> Any:
    """The schema of one page of a list of `serializer`."""
    if not extra and serializer in _PAGES:
        return _PAGES[serializer]
    name = serializer.__name__.removesuffix("Serializer")
    made = type(
        f"{name}PageSerializer",
        (serializers.Serializer,),
        {
            "results": serializer(many=True),
            "next": serializers.CharField(allow_null=True),
            "previous": serializers.CharField(allow_null=True),
            "total": serializers.IntegerField(allow_null=True),
            **extra,
        },
    )
    if not extra:
        _PAGES[serializer] = made
    return made


class ActorAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped library base
    target_class = "kernel.api.authentication.ActorAuthentication"
    name = ["session", "token"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "apiKey", "in": "cookie", "name": "fiducial_session"},
            {"type": "http", "scheme": "bearer", "bearerFormat": "fid_…"},
        ]


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular hook: every operation may answer with a problem, and says so."""
    components = result.setdefault("components", {}).setdefault("schemas", {})
    components["Problem"] = _PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for methods in result.get("paths", {}).values():
        for operation in methods.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"].setdefault("default", {"description": "A problem", "content": content})
    return result


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. Switch on `code` only.",
    "required": ["type", "title", "status", "code", "detail", "remedy"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
