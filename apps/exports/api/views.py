"""Exports and releases for managers; releases and files for customers."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit.services import trusted_keys
from apps.datasets.selectors import description_of
from apps.exports import selectors
from apps.exports.api import serializers as s
from apps.exports.services import exporting, releasing
from kernel.api.idempotency import once
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView
from kernel.errors import DomainError
from kernel.jobs.serializers import JobOut

PULL_SCOPE = "releases:pull"
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


class ExportsView(TenantView):
    @extend_schema(operation_id="export_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.ExportOut))
    def get(self, request: Request, digest: str) -> Response:
        """The exports of a version."""
        return self.page(selectors.export_list_for(actor=self.actor, digest=digest), s.ExportOut)

    @extend_schema(operation_id="export_create", request=s.ExportIn, responses={202: s.ExportOut})
    def post(self, request: Request, digest: str) -> Response:
        """Write the version in a format; the same request again is the same export."""
        fmt = self.valid(s.ExportIn)["format"]
        export = exporting.export_request(actor=self.actor, digest=digest, fmt=fmt, options={})
        return Response(s.ExportOut(export).data, status=202)


class ExportVerifyView(TenantView):
    @extend_schema(operation_id="export_verify", request=None, responses={202: JobOut})
    def post(self, request: Request, export_id: uuid.UUID) -> Response:
        """Write the export once more and compare every byte."""
        job = releasing.export_check_request(actor=self.actor, export_id=export_id)
        return Response(JobOut(job).data, status=202)


class VersionReleasesView(TenantView):
    @extend_schema(operation_id="release_create", request=s.ReleaseIn, responses={201: s.CustomerReleaseOut})
    def post(self, request: Request, digest: str) -> Response:
        """A release of this version, in draft."""

        def act() -> Response:
            body = self.valid(s.ReleaseIn)
            release = releasing.release_make(
                actor=self.actor, digest=digest, name=body["name"], terms=body["terms"], export_ids=body["exports"]
            )
            return Response(s.CustomerReleaseOut(release).data, status=201)

        return once(request, self.actor, act)


class GrantsView(TenantView):
    @extend_schema(operation_id="grant_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.GrantOut))
    def get(self, request: Request, release_id: uuid.UUID) -> Response:
        """Whom the release is granted to."""
        return self.page(selectors.grant_list_for(actor=self.actor, release_id=release_id), s.GrantOut)

    @extend_schema(operation_id="grant_add", request=s.GrantIn, responses={201: s.GrantOut})
    def post(self, request: Request, release_id: uuid.UUID) -> Response:
        """Let a customer pull the release."""
        email = self.valid(s.GrantIn)["email"]
        grant = releasing.grant_add(actor=self.actor, release_id=release_id, email=email)
        return Response(s.GrantOut(grant).data, status=201)


class GrantView(TenantView):
    @extend_schema(operation_id="grant_remove", responses={204: None})
    def delete(self, request: Request, release_id: uuid.UUID, grant_id: uuid.UUID) -> Response:
        """Take the release away from a customer."""
        releasing.grant_remove(actor=self.actor, release_id=release_id, grant_id=grant_id)
        return Response(status=204)


class CustomerReleasesView(TenantView):
    read_scope = PULL_SCOPE

    @extend_schema(operation_id="release_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.CustomerReleaseOut))
    def get(self, request: Request) -> Response:
        """The releases granted to me."""
        rows = selectors.customer_release_list_for(self.actor)
        return self.page(rows, s.CustomerReleaseOut, ordering=("-published_at", "-id"))


class CustomerReleaseView(TenantView):
    read_scope = PULL_SCOPE

    @extend_schema(operation_id="release_get", responses=s.ReleasePageOut)
    def get(self, request: Request, dataset: str, name: str) -> Response:
        """What a release holds, how it was read, its terms, and how to pull it."""
        release = releasing.release_view(actor=self.actor, dataset_slug=dataset, name=name)
        totals = selectors.artifact_sums(release)
        key = trusted_keys().get(release.key_id)
        body = {
            **s.CustomerReleaseOut(release).data,
            **description_of(release),
            "terms": release.terms,
            "signature": release.signature,
            "key_id": release.key_id,
            "public_key": base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode() if key else "",
            "file_count": totals[0],
            "bytes": totals[1],
            "pull_command": f"fiducial pull {release.dataset.slug}@{release.name}",
        }
        return Response(body)


class ReleaseArtifactsView(TenantView):
    read_scope = PULL_SCOPE

    @extend_schema(operation_id="release_artifact_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.ArtifactOut))
    def get(self, request: Request, dataset: str, name: str) -> Response:
        """The files of a release, with their digests."""
        release = selectors.customer_release_get_for(actor=self.actor, dataset_slug=dataset, name=name)
        context = {"prefix": getattr(request._request, "tenant_prefix", "")}
        rows = selectors.artifacts_of_release(release)
        return self.page(rows, s.ArtifactOut, ordering=("path", "id"), context=context)


class ArtifactContentView(TenantView):
    read_scope = PULL_SCOPE

    @extend_schema(operation_id="artifact_content", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, artifact_id: uuid.UUID) -> StreamingHttpResponse | HttpResponse:
        """The bytes of a file, or the range asked for (RFC 9110 §14)."""
        artifact: Any = selectors.artifact_get_for(actor=self.actor, artifact_id=artifact_id)
        offset, length, partial = _asked_range(request, artifact.size)
        artifact = releasing.artifact_pull(actor=self.actor, artifact_id=artifact_id, offset=offset, length=length)
        stream = releasing.artifact_stream(actor=self.actor, artifact=artifact, offset=offset, length=length)
        response = StreamingHttpResponse(
            stream, status=206 if partial else 200, content_type="application/octet-stream"
        )
        response["Content-Length"] = str(length)
        response["Accept-Ranges"] = "bytes"
        response["ETag"] = f'"{artifact.sha256}"'
        response["Cache-Control"] = "private, no-store"
        response["Content-Disposition"] = f'attachment; filename="{artifact.path.rpartition("/")[2]}"'
        if partial:
            response["Content-Range"] = f"bytes {offset}-{offset + length - 1}/{artifact.size}"
        return response


def _asked_range(request: Request, size: int) -> tuple[int, int, bool]:
    match = _RANGE.match(request.headers.get("Range", ""))
    if not match or match.group(0) == "bytes=-":
        return 0, size, False
    first, last = match.groups()
    if not first:
        offset = max(size - int(last), 0)
        return offset, size - offset, True
    offset, end = int(first), min(int(last) if last else size - 1, size - 1)
    if offset > end:
        raise DomainError("The range lies outside the file.", code="range-not-satisfiable", status=416)
    return offset, end - offset + 1, True
