"""Studies and series for the pages."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit.selectors import events_of_objects, with_people
from apps.studies import selectors
from apps.studies.api import serializers as s
from apps.studies.services import describing, erasure, viewing
from kernel.api.idempotency import once
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView
from kernel.jobs.serializers import JobOut

_FILTERS = [OpenApiParameter("search", str), OpenApiParameter("modality", str)]


class StudiesView(TenantView):
    @extend_schema(operation_id="study_list", parameters=[*CURSOR_PARAMETERS, *_FILTERS], responses=page_of(s.StudyOut))
    def get(self, request: Request, slug: str) -> Response:
        """The studies of a project that I may see, newest first."""
        query = request.query_params
        rows = selectors.study_list_for(
            self.actor, slug, search=query.get("search", ""), modality=query.get("modality", "")
        )
        return self.page(rows, s.StudyOut, prepare=describing.studies_described)


class StudyView(TenantView):
    @extend_schema(operation_id="study_get", responses=s.StudyDetailOut)
    def get(self, request: Request, study_id: uuid.UUID) -> Response:
        """One study with its series."""
        study = selectors.study_get_for(actor=self.actor, study_id=study_id)
        detail = describing.study_described(study, prefix=_prefix(request))
        return Response(s.StudyDetailOut(detail).data)


class SeriesView(TenantView):
    @extend_schema(operation_id="series_get", responses=s.SeriesDetailOut)
    def get(self, request: Request, series_id: uuid.UUID) -> Response:
        """One series."""
        series = selectors.series_get_for(actor=self.actor, series_id=series_id)
        return Response(s.SeriesDetailOut(describing.series_described(series, prefix=_prefix(request))).data)


class SeriesTimelineView(TenantView):
    @extend_schema(operation_id="series_timeline", parameters=CURSOR_PARAMETERS, responses=page_of(s.TimelineEventOut))
    def get(self, request: Request, series_id: uuid.UUID) -> Response:
        """Everything that happened to a series and its study, newest first; for those who may see the trail."""
        objects = selectors.timeline_objects_for(actor=self.actor, series_id=series_id)
        rows = events_of_objects(objects)
        return self.page(rows, s.TimelineEventOut, ordering=("-recorded_at", "-id"), prepare=with_people)


class SeriesDeidentificationView(TenantView):
    @extend_schema(operation_id="series_deidentification", responses=s.DeidentificationOut)
    def get(self, request: Request, series_id: uuid.UUID) -> Response:
        """What de-identification changed, tag by tag, and why."""
        series = selectors.series_get_for(actor=self.actor, series_id=series_id)
        viewing.series_opened(actor=self.actor, series=series, study=series.study, via="deidentification")
        return Response(s.DeidentificationOut(describing.deidentification_of(series)).data)


class SubjectEraseView(TenantView):
    @extend_schema(operation_id="subject_erase", request=s.EraseIn, responses={202: JobOut})
    def post(self, request: Request, subject_id: uuid.UUID) -> Response:
        """Destroy a subject's secret: what it sealed can never be opened again."""

        def act() -> Response:
            reason = self.valid(s.EraseIn)["reason"]
            job = erasure.subject_erase(actor=self.actor, subject_id=subject_id, reason=reason)
            return Response(JobOut(job).data, status=202)

        return once(request, self.actor, act)


def _prefix(request: Request) -> str:
    prefix: Any = getattr(request._request, "tenant_prefix", "")
    return str(prefix)
