"""Deliveries, their files, and what waits for a person."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.intake import selectors
from apps.intake.api import serializers as s
from apps.intake.services import deciding, deliveries, describing, receiving
from apps.intake.services.names import names_of
from kernel.api.idempotency import once
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView
from kernel.errors import FieldProblem, InvalidError

_CHUNK_BYTES = 1 << 20
_HOLDS_SHOWN = 2000


class AnyBytes(BaseParser):
    """A body is bytes, whatever it says it is; the view reads it as it arrives."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        return {}


class DeliveriesView(TenantView):
    @extend_schema(operation_id="delivery_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.DeliveryOut))
    def get(self, request: Request, slug: str) -> Response:
        """The deliveries to a project, newest first."""
        rows = selectors.delivery_list_for(self.actor, slug)
        return self.page(rows, s.DeliveryOut, prepare=describing.deliveries_described)

    @extend_schema(operation_id="delivery_create", request=s.DeliveryIn, responses={201: s.DeliveryOut})
    def post(self, request: Request, slug: str) -> Response:
        """Open a delivery."""

        def act() -> Response:
            delivery = deliveries.delivery_create(actor=self.actor, slug=slug, **self.valid(s.DeliveryIn))
            return Response(_out(delivery), status=201)

        return once(request, self.actor, act)


class DeliveryView(TenantView):
    @extend_schema(operation_id="delivery_get", responses=s.DeliveryOut)
    def get(self, request: Request, delivery_id: uuid.UUID) -> Response:
        """One delivery."""
        return Response(_out(selectors.delivery_get_for(actor=self.actor, delivery_id=delivery_id)))


class DeliveryContentView(TenantView):
    parser_classes = [AnyBytes]

    @extend_schema(
        operation_id="delivery_content_put",
        parameters=[OpenApiParameter("name", str, required=True, description="Relative path of the file.")],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: s.IncomingFileOut, 201: s.IncomingFileOut},
    )
    def put(self, request: Request, delivery_id: uuid.UUID) -> Response:
        """Send one file: DICOM, or a zip of any number of them. 200 when it was here already."""
        name = request.query_params.get("name", "").strip()
        if not name:
            raise InvalidError(errors=[FieldProblem("/name", "required", "Give the file's relative path.")])
        file, is_new = receiving.file_receive_stream(
            actor=self.actor, delivery_id=delivery_id, name=name, chunks=_chunks(request)
        )
        return Response(s.IncomingFileOut(names_of([file])[0]).data, status=201 if is_new else 200)


class DeliveryMissingView(TenantView):
    @extend_schema(operation_id="delivery_missing", request=s.MissingIn, responses=s.MissingOut)
    def post(self, request: Request, delivery_id: uuid.UUID) -> Response:
        """Which of these files have not been received: where an upload goes on."""
        delivery = selectors.delivery_get_for(actor=self.actor, delivery_id=delivery_id)
        files = [(row["name"], row["size"]) for row in self.valid(s.MissingIn)["files"]]
        return Response({"missing": receiving.missing_names(delivery=delivery, files=files)})


class DeliveryCompleteView(TenantView):
    @extend_schema(operation_id="delivery_complete", request=None, responses={202: s.DeliveryOut})
    def post(self, request: Request, delivery_id: uuid.UUID) -> Response:
        """Everything was sent: begin the work."""
        delivery = deliveries.delivery_complete(actor=self.actor, delivery_id=delivery_id)
        return Response(_out(delivery), status=202)


class DeliveryCancelView(TenantView):
    @extend_schema(operation_id="delivery_cancel", request=None, responses=s.DeliveryOut)
    def post(self, request: Request, delivery_id: uuid.UUID) -> Response:
        """Turn away what was not admitted yet."""
        return Response(_out(deliveries.delivery_cancel(actor=self.actor, delivery_id=delivery_id)))


class DeliveryFilesView(TenantView):
    @extend_schema(
        operation_id="delivery_file_list",
        parameters=[*CURSOR_PARAMETERS, OpenApiParameter("state", str)],
        responses=page_of(s.IncomingFileOut),
    )
    def get(self, request: Request, delivery_id: uuid.UUID) -> Response:
        """The files of a delivery in the order they came."""
        state = request.query_params.get("state", "")
        rows = selectors.file_list_for(actor=self.actor, delivery_id=delivery_id, state=state)
        return self.page(rows, s.IncomingFileOut, ordering=("number", "id"), prepare=names_of)


class FileDecisionView(TenantView):
    @extend_schema(operation_id="incoming_file_decide", request=s.DecisionIn, responses=s.IncomingFileOut)
    def post(self, request: Request, file_id: uuid.UUID) -> Response:
        """Let a held file go on, or turn it away."""
        file = deciding.file_decide(actor=self.actor, file_id=file_id, **self.valid(s.DecisionIn))
        return Response(s.IncomingFileOut(names_of([file])[0]).data)


class HoldsView(TenantView):
    @extend_schema(operation_id="hold_list", responses=s.HoldsOut)
    def get(self, request: Request, slug: str) -> Response:
        """What waits for a person, by reason; the first 2,000 files."""
        rows = selectors.hold_list_for(self.actor, slug)
        held = names_of(list(rows.order_by("created_at", "id")[:_HOLDS_SHOWN]))
        groups = selectors.hold_groups(held)
        body = {"results": groups, "next": None, "previous": None, "total": len(held)}
        return Response(s.HoldsOut(body).data)


def _out(delivery: object) -> dict[str, object]:
    (row,) = describing.deliveries_described([delivery])  # type: ignore[list-item]  # models are not named in views
    return dict(s.DeliveryOut(row).data)


def _chunks(request: Request) -> Iterator[bytes]:
    stream = request._request
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk
