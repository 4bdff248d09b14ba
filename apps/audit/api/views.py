"""Reading and verifying the trail."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit import selectors
from apps.audit.api import serializers as s
from apps.audit.services.verifying import verify_for
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView
from kernel.errors import InvalidError

_FILTERS = [
    OpenApiParameter("action", str, description="Start of an action, such as `studies.series`."),
    OpenApiParameter("actor", uuid.UUID),
    OpenApiParameter("object_id", uuid.UUID),
    OpenApiParameter("from", str, description="RFC 3339"),
    OpenApiParameter("to", str, description="RFC 3339"),
]


class EventsView(TenantView):
    @extend_schema(
        operation_id="audit_event_list", parameters=[*CURSOR_PARAMETERS, *_FILTERS], responses=page_of(s.AuditEventOut)
    )
    def get(self, request: Request) -> Response:
        """The tenant's events, newest first."""
        query = request.query_params
        rows = selectors.event_list_for(
            self.actor,
            action=query.get("action", ""),
            actor_id=_uuid(query.get("actor")),
            object_id=_uuid(query.get("object_id")),
            since=_moment(query.get("from")),
            until=_moment(query.get("to")),
        )
        ordering = ("-recorded_at", "-id")
        return self.page(rows, s.AuditEventOut, ordering=ordering, prepare=selectors.with_people)


class CheckpointsView(TenantView):
    @extend_schema(
        operation_id="audit_checkpoint_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.CheckpointOut)
    )
    def get(self, request: Request) -> Response:
        """The signed checkpoints, newest first."""
        return self.page(selectors.checkpoint_list_for(self.actor), s.CheckpointOut, ordering=("-number",))


class VerifyView(TenantView):
    @extend_schema(operation_id="audit_verify", request=None, responses=s.VerdictOut)
    def post(self, request: Request) -> Response:
        """Verify the whole log now."""
        verdict = verify_for(self.actor)
        return Response(s.VerdictOut({"ok": verdict.ok, **vars(verdict)}).data)


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise InvalidError("An id is a UUID.", code="invalid-id") from None


def _moment(text: str | None) -> Any:
    try:
        moment = parse_datetime(text) if text else None
    except ValueError:
        moment = None
    if text and (moment is None or moment.tzinfo is None):
        raise InvalidError("A time is written as RFC 3339, with its zone.", code="invalid-time")
    return moment
