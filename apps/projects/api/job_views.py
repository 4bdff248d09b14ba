"""Background work, to those who manage the project it is for."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.projects import selectors
from apps.projects.services import work
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView
from kernel.jobs.serializers import JobOut

_FILTERS = [
    OpenApiParameter("state", str, description="queued, running, done, failed or cancelled"),
    OpenApiParameter("project", str, description="slug"),
]


class JobsView(TenantView):
    @extend_schema(operation_id="job_list", parameters=[*CURSOR_PARAMETERS, *_FILTERS], responses=page_of(JobOut))
    def get(self, request: Request) -> Response:
        """Background work I may see, newest first."""
        state, slug = request.query_params.get("state", ""), request.query_params.get("project", "")
        return self.page(selectors.job_list_for(self.actor, state=state, project_slug=slug), JobOut)


class JobView(TenantView):
    @extend_schema(operation_id="job_get", responses=JobOut)
    def get(self, request: Request, job_id: uuid.UUID) -> Response:
        """One job."""
        return Response(JobOut(selectors.job_get_for(actor=self.actor, job_id=job_id)).data)


class JobCancelView(TenantView):
    @extend_schema(operation_id="job_cancel", request=None, responses=JobOut)
    def post(self, request: Request, job_id: uuid.UUID) -> Response:
        """Stop a job."""
        return Response(JobOut(work.job_cancel_for(actor=self.actor, job_id=job_id)).data)


class JobRetryView(TenantView):
    @extend_schema(operation_id="job_retry", request=None, responses=JobOut)
    def post(self, request: Request, job_id: uuid.UUID) -> Response:
        """Run a failed or cancelled job again."""
        return Response(JobOut(work.job_retry_for(actor=self.actor, job_id=job_id)).data)
