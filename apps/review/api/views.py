"""Cases, their review, a project's overview, and what an adjudicator is shown."""

from __future__ import annotations

import uuid
from dataclasses import asdict

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.annotations.domain.container import CONTAINER_TYPE
from apps.annotations.selectors import segmentation_container
from apps.review import selectors, services
from apps.review.api import serializers as s
from apps.review.selectors.cases import STATES as CASE_STATES
from kernel.api.idempotency import once
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView


class CasesView(TenantView):
    @extend_schema(
        operation_id="case_list",
        parameters=[OpenApiParameter("state", str, enum=list(CASE_STATES)), *CURSOR_PARAMETERS],
        responses=page_of(s.CaseOut),
    )
    def get(self, request: Request, slug: str) -> Response:
        """The cases of a project, newest first."""
        rows = selectors.case_list_for(actor=self.actor, slug=slug, state=request.query_params.get("state", ""))
        return self.page(rows, s.CaseOut, ordering=("-number",), prepare=selectors.case_rows)


class CaseView(TenantView):
    @extend_schema(operation_id="case_get", responses=s.CaseDetailOut)
    def get(self, request: Request, case_id: uuid.UUID) -> Response:
        """One case: its reads, how they agree, what settled it."""
        return Response(s.CaseDetailOut(selectors.case_page(actor=self.actor, case_id=case_id)).data)


class CaseReviewView(TenantView):
    @extend_schema(operation_id="case_review", request=s.ReviewIn, responses={201: s.CaseDetailOut})
    def post(self, request: Request, case_id: uuid.UUID) -> Response:
        """Accept the reference standard, or return the case."""

        def act() -> Response:
            services.review_decide(actor=self.actor, case_id=case_id, **self.valid(s.ReviewIn))
            page = selectors.case_page(actor=self.actor, case_id=case_id)
            return Response(s.CaseDetailOut(page).data, status=201)

        return once(request, self.actor, act)


class FlagResolveView(TenantView):
    @extend_schema(operation_id="case_flag_resolve", request=None, responses={204: None})
    def post(self, request: Request, case_id: uuid.UUID, flag_id: uuid.UUID) -> Response:
        """I have dealt with this flag."""
        services.flag_clear(actor=self.actor, case_id=case_id, flag_id=flag_id)
        return Response(status=204)


class OverviewView(TenantView):
    @extend_schema(operation_id="project_overview", responses=s.OverviewOut)
    def get(self, request: Request, slug: str) -> Response:
        """How far, how good, what is stuck, what needs me."""
        return Response(s.OverviewOut(selectors.project_overview(actor=self.actor, slug=slug)).data)


class ContainerRenderer(JSONRenderer):
    """Lets a client ask for a container and still be told what is wrong: problems stay JSON."""

    media_type = CONTAINER_TYPE
    charset = None


class ShownView(TenantView):
    renderer_classes = (JSONRenderer, ContainerRenderer)

    @extend_schema(
        operation_id="adjudication_shown_segmentation",
        responses={(200, CONTAINER_TYPE): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, read_id: uuid.UUID, label: str, series_instance_uid: str) -> HttpResponse:
        """What the read shown as A or B drew on a series."""
        shown = services.shown_open(actor=self.actor, read_id=read_id, label=label)
        content = segmentation_container(shown.pk, series_instance_uid, absent_is_empty=True)
        return HttpResponse(content, content_type=CONTAINER_TYPE, headers={"Cache-Control": "private, no-store"})


class AdoptView(TenantView):
    @extend_schema(operation_id="adjudication_adopt", request=s.AdoptIn, responses={201: s.AdoptedOut})
    def post(self, request: Request, read_id: uuid.UUID) -> Response:
        """Start my own segmentation from the read shown as A or B."""

        def act() -> Response:
            adopted = services.read_adopt(actor=self.actor, read_id=read_id, label=self.valid(s.AdoptIn)["label"])
            body = asdict(adopted) | {
                "segmentations": [{"series_instance_uid": u, "revision": n} for u, n in adopted.segmentations]
            }
            return Response(s.AdoptedOut(body).data, status=201)

        return once(request, self.actor, act)
