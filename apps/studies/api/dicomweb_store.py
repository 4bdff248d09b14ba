"""STOW-RS, at the addresses that searches and retrievals also have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.request import Request

from apps.studies.api.dicomweb_base import DicomwebView, dicom_json
from apps.studies.domain.multipart import MultipartError, boundary_of, decode
from apps.studies.services import storing
from kernel.errors import DomainError, InvalidError

_MAX_INSTANCE_BYTES = 2 << 30


class StoreView(DicomwebView):
    """An address that instances can be posted to."""

    def post(self, request: Request, slug: str, study_uid: str = "") -> HttpResponse:
        """Store instances: they go into quarantine."""
        outcomes = storing.instances_store(
            actor=self.actor, slug=slug, study_instance_uid=study_uid, contents=_contents(request)
        )
        return _stored(outcomes, self.root(slug))


def _contents(request: Request) -> Iterator[bytes]:
    """The instances of a store request, one at a time."""
    stream, content_type = request._request, request.headers.get("Content-Type", "")
    if content_type.split(";")[0].strip().lower() == "application/dicom":
        yield stream.read()
        return
    if content_type.split(";")[0].strip().lower() != "multipart/related":
        raise DomainError(
            "Instances are sent as multipart/related with parts of type application/dicom.",
            code="unsupported-media-type",
            status=415,
            title="This kind of body is not understood",
        )
    try:
        for part in decode(stream.read, boundary_of(content_type), max_part_bytes=_MAX_INSTANCE_BYTES):
            yield part.content
    except MultipartError as error:
        raise InvalidError(f"The body cannot be read: {error}.", code="bad-multipart", status=400) from None


def _stored(outcomes: list[storing.StoreOutcome], root: str) -> HttpResponse:
    """The Store Instances Response (PS3.18 10.5.3): 200, 202 where some failed, 409 where all did."""
    failed = [o for o in outcomes if o.failure_reason is not None]
    body: dict[str, Any] = {}
    if good := [o for o in outcomes if o.failure_reason is None]:
        body["00081199"] = {"vr": "SQ", "Value": [_reference(o) for o in good]}
    if failed:
        body["00081198"] = {"vr": "SQ", "Value": [_reference(o) for o in failed]}
    body["00081190"] = {"vr": "UR", "Value": [f"{root}/studies"]}
    status = 200 if not failed else 202 if good else 409
    return dicom_json(orjson.dumps(body), status=status)


def _reference(outcome: storing.StoreOutcome) -> dict[str, Any]:
    row: dict[str, Any] = {
        "00081150": {"vr": "UI", "Value": [outcome.sop_class_uid]} if outcome.sop_class_uid else {"vr": "UI"},
        "00081155": {"vr": "UI", "Value": [outcome.sop_instance_uid]} if outcome.sop_instance_uid else {"vr": "UI"},
    }
    if outcome.failure_reason is not None:
        row["00081197"] = {"vr": "US", "Value": [outcome.failure_reason]}
    return row
