"""The worklist, and a reader's own read."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.tasks import selectors, services
from apps.tasks.api import serializers as s
from kernel.api.idempotency import once
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView

_FILTERS = [
    OpenApiParameter("project", str, description="Slug of one project."),
    OpenApiParameter("state", str, enum=["open", "claimed", "submitted"]),
]


class WorklistView(TenantView):
    @extend_schema(
        operation_id="worklist",
        parameters=[*_FILTERS, *CURSOR_PARAMETERS],
        responses=page_of(s.WorklistRowOut, counts=s.WorklistCountsOut()),
    )
    def get(self, request: Request) -> Response:
        """The cases I may take, hold, or handed in."""
        query = request.query_params
        rows = selectors.worklist_for(self.actor, state=query.get("state", ""), slug=query.get("project", ""))
        counts = s.WorklistCountsOut(selectors.worklist_counts(self.actor)).data
        return self.page(
            rows,
            s.WorklistRowOut,
            ordering=("rank",),
            extra={"counts": counts},
            prepare=selectors.worklist_rows,
        )


class ClaimNextView(TenantView):
    @extend_schema(operation_id="worklist_claim_next", request=s.ClaimNextIn, responses={201: s.ClaimedOut})
    def post(self, request: Request) -> Response:
        """Take the most urgent case I may read."""

        def act() -> Response:
            wanted = self.valid(s.ClaimNextIn)
            read = services.claim_next(actor=self.actor, slug=wanted["project"], stage_key=wanted["stage"])
            return Response({"read_id": str(read.pk)}, status=201)

        return once(request, self.actor, act)


class TaskClaimView(TenantView):
    @extend_schema(operation_id="task_claim", request=None, responses={201: s.ClaimedOut})
    def post(self, request: Request, task_id: uuid.UUID) -> Response:
        """Take one case of the worklist."""
        read = services.task_claim(actor=self.actor, round_id=task_id)
        return Response({"read_id": str(read.pk)}, status=201)


class ReadView(TenantView):
    @extend_schema(operation_id="read_get", responses=s.ReadOut)
    def get(self, request: Request, read_id: uuid.UUID) -> Response:
        """My read, with all its page needs."""
        return read_response(request, services.read_open(actor=self.actor, read_id=read_id))


class HeartbeatView(TenantView):
    @extend_schema(operation_id="read_heartbeat", request=s.HeartbeatIn, responses=s.HeartbeatOut)
    def post(self, request: Request, read_id: uuid.UUID) -> Response:
        """I am reading; so many seconds since the last heartbeat were work."""
        read, assignment = services.heartbeat(actor=self.actor, read_id=read_id, **self.valid(s.HeartbeatIn))
        body = {"active_reading_s": round(read.active_s), "lease_until": assignment.lease_until}
        return Response(s.HeartbeatOut(body).data)


class ReleaseView(TenantView):
    @extend_schema(operation_id="read_release", request=None, responses={204: None})
    def post(self, request: Request, read_id: uuid.UUID) -> Response:
        """Put the case down; what I saved is kept for me."""
        services.read_release(actor=self.actor, read_id=read_id)
        return Response(status=204)


class FlagView(TenantView):
    @extend_schema(operation_id="read_flag", request=s.FlagIn, responses={201: s.FlagOut})
    def post(self, request: Request, read_id: uuid.UUID) -> Response:
        """Something about the case needs a person."""

        def act() -> Response:
            flag = services.case_flag(actor=self.actor, read_id=read_id, **self.valid(s.FlagIn))
            return Response(s.FlagOut(flag).data, status=201)

        return once(request, self.actor, act)


class SubmitView(TenantView):
    @extend_schema(operation_id="read_submit", request=s.SubmitIn, responses=s.ReadOut)
    def post(self, request: Request, read_id: uuid.UUID) -> Response:
        """Sign the read."""
        signed = services.read_submit(actor=self.actor, read_id=read_id, **self.valid(s.SubmitIn))
        return read_response(request, signed)


def read_response(request: Request, read: Any) -> Response:
    """The page of an opened read."""
    prefix = getattr(request._request, "tenant_prefix", "")
    return Response(s.ReadOut(selectors.read_page(read, prefix=prefix)).data)
