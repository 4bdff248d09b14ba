"""Datasets, versions and releases, to those who manage them."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.datasets import selectors
from apps.datasets.api import serializers as s
from apps.datasets.services import datasets
from kernel.api.idempotency import once
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView
from kernel.jobs.serializers import JobOut


class ProjectDatasetsView(TenantView):
    @extend_schema(operation_id="project_dataset_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.DatasetOut))
    def get(self, request: Request, slug: str) -> Response:
        """The datasets of a project."""
        return self.page(selectors.dataset_list_for(self.actor, project_slug=slug), s.DatasetOut)

    @extend_schema(operation_id="dataset_create", request=s.DatasetIn, responses={201: s.DatasetOut})
    def post(self, request: Request, slug: str) -> Response:
        """A new dataset."""

        def act() -> Response:
            dataset = datasets.dataset_create(actor=self.actor, project_slug=slug, **self.valid(s.DatasetIn))
            return Response(s.DatasetOut(dataset).data, status=201)

        return once(request, self.actor, act)


class DatasetsView(TenantView):
    @extend_schema(operation_id="dataset_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.DatasetOut))
    def get(self, request: Request) -> Response:
        """The datasets I see."""
        return self.page(selectors.dataset_list_for(self.actor), s.DatasetOut)


class DatasetView(TenantView):
    @extend_schema(operation_id="dataset_get", responses=s.DatasetOut)
    def get(self, request: Request, slug: str) -> Response:
        """One dataset."""
        return Response(s.DatasetOut(selectors.dataset_get_for(actor=self.actor, slug=slug)).data)


class VersionsView(TenantView):
    @extend_schema(operation_id="dataset_version_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.VersionOut))
    def get(self, request: Request, slug: str) -> Response:
        """The versions of a dataset, newest first."""
        dataset = selectors.dataset_get_for(actor=self.actor, slug=slug)
        rows = selectors.version_list_for(actor=self.actor, dataset=dataset)
        return self.page(rows, s.VersionOut, prepare=selectors.with_version_facts)

    @extend_schema(operation_id="dataset_version_build", request=s.VersionIn, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        """Build the next version of everything settled now."""
        job = datasets.version_request(actor=self.actor, slug=slug, **self.valid(s.VersionIn))
        return Response(JobOut(job).data, status=202)


class DatasetReleasesView(TenantView):
    @extend_schema(operation_id="dataset_release_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.ReleaseOut))
    def get(self, request: Request, slug: str) -> Response:
        """The releases of a dataset."""
        dataset = selectors.dataset_get_for(actor=self.actor, slug=slug)
        return self.page(selectors.release_list_for(actor=self.actor, dataset=dataset), s.ReleaseOut)


class VersionView(TenantView):
    @extend_schema(operation_id="dataset_version_get", responses=s.VersionOut)
    def get(self, request: Request, digest: str) -> Response:
        """One version, by its digest."""
        version = selectors.version_get_for(actor=self.actor, digest=digest)
        return Response(s.VersionOut(selectors.with_version_facts([version])[0]).data)


class MembersView(TenantView):
    @extend_schema(
        operation_id="dataset_member_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.DatasetMemberOut)
    )
    def get(self, request: Request, digest: str) -> Response:
        """The cases of a version."""
        version = selectors.version_get_for(actor=self.actor, digest=digest)
        rows = selectors.member_list_for(actor=self.actor, version=version)
        return self.page(rows, s.DatasetMemberOut, ordering=("case_label", "id"))


class ManifestView(TenantView):
    @extend_schema(operation_id="dataset_manifest_get", responses={200: OpenApiTypes.BINARY})
    def get(self, request: Request, digest: str) -> HttpResponse:
        """The canonical bytes of the manifest; their SHA-256 is the version's digest."""
        version = selectors.version_get_for(actor=self.actor, digest=digest)
        response = HttpResponse(bytes(version.manifest), content_type="application/octet-stream")
        response["ETag"] = f'"{version.digest}"'
        response["Content-Disposition"] = f'attachment; filename="{version.digest[:12]}.manifest"'
        return response


class PublishView(TenantView):
    @extend_schema(operation_id="release_publish", request=None, responses=s.ReleaseOut)
    def post(self, request: Request, release_id: uuid.UUID) -> Response:
        """Sign and open a release."""
        return Response(s.ReleaseOut(datasets.release_publish(actor=self.actor, release_id=release_id)).data)


class WithdrawView(TenantView):
    @extend_schema(operation_id="release_withdraw", request=None, responses=s.ReleaseOut)
    def post(self, request: Request, release_id: uuid.UUID) -> Response:
        """Close a release."""
        return Response(s.ReleaseOut(datasets.release_withdraw(actor=self.actor, release_id=release_id)).data)
