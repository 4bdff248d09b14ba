"""What a reader saves: changed slices and answers, each acknowledged with a revision."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.annotations.domain.container import CONTAINER_TYPE
from apps.annotations.selectors import revision_list_of, segmentation_container
from apps.annotations.services import Saved, answers_save, segmentation_save
from apps.tasks import selectors
from apps.tasks.api import serializers as s
from apps.tasks.api.containers import ContainerParser, ContainerRenderer, container_response
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView
from kernel.errors import InvalidError

REVISION = OpenApiParameter("revision", OpenApiTypes.INT, description="A past revision; the newest by default.")
CONTAINER = OpenApiResponse(OpenApiTypes.BINARY, description="An `application/vnd.fiducial.slices` container.")


class RevisionsView(TenantView):
    parser_classes = (ContainerParser, JSONParser)
    renderer_classes = (JSONRenderer, ContainerRenderer)

    @extend_schema(
        operation_id="segmentation_save",
        request={CONTAINER_TYPE: OpenApiTypes.BINARY},
        responses={201: s.SavedOut, 200: s.SavedOut},
    )
    def post(self, request: Request, read_id: uuid.UUID, series_instance_uid: str) -> Response:
        """Save changed slices as the next revision; 200 when this save was acknowledged before."""
        content = container_of(request)
        handle = selectors.handle_for_writing(actor=self.actor, read_id=read_id)
        saved = segmentation_save(
            actor=self.actor, handle=handle, series_instance_uid=series_instance_uid, content=content
        )
        return saved_response(saved)

    @extend_schema(
        operation_id="segmentation_revision_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.RevisionOut)
    )
    def get(self, request: Request, read_id: uuid.UUID, series_instance_uid: str) -> Response:
        """Every revision of my segmentation of a series, newest first."""
        read = selectors.read_get_for(actor=self.actor, read_id=read_id)
        return self.page(revision_list_of(read.pk, series_instance_uid), s.RevisionOut, ordering=("-number",))


class SegmentationView(TenantView):
    renderer_classes = (JSONRenderer, ContainerRenderer)

    @extend_schema(operation_id="segmentation_get", parameters=[REVISION], responses={(200, CONTAINER_TYPE): CONTAINER})
    def get(self, request: Request, read_id: uuid.UUID, series_instance_uid: str) -> HttpResponse:
        """My segmentation of a series, at any revision."""
        read = selectors.read_get_for(actor=self.actor, read_id=read_id)
        content = segmentation_container(read.pk, series_instance_uid, revision_of(request), absent_is_empty=True)
        return container_response(content)


class AnswersView(TenantView):
    @extend_schema(operation_id="answers_save", request=s.AnswersIn, responses={201: s.SavedOut, 200: s.SavedOut})
    def post(self, request: Request, read_id: uuid.UUID) -> Response:
        """Save my answers, "nothing found" among them, as the next revision."""
        values = self.valid(s.AnswersIn)
        handle = selectors.handle_for_writing(actor=self.actor, read_id=read_id)
        return saved_response(answers_save(actor=self.actor, handle=handle, **values))


def container_of(request: Request) -> bytes:
    """The request's container. Raises `InvalidError` when the body is something else."""
    if not isinstance(request.data, bytes):
        raise InvalidError("A container is needed.", code="bad-container", remedy=f"Send {CONTAINER_TYPE}.")
    return request.data


def revision_of(request: Request) -> int | None:
    """The revision asked for, or None for the newest. Raises `InvalidError`."""
    text = request.query_params.get("revision", "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise InvalidError("A revision is a whole number.")
    return int(text)


def saved_response(saved: Saved) -> Response:
    """The acknowledgement."""
    return Response(s.SavedOut(saved).data, status=201 if saved.is_new else 200)
