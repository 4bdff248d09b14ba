"""Projects, their roles, label schemas and charters; and what the tenant offers to whoever asks."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.projects import selectors
from apps.projects.api import serializers as s
from apps.projects.constants import ProjectAction
from apps.projects.domain import definitions as d
from apps.projects.services import definitions, projects
from apps.tenants.selectors import member_by_email, tenant_of
from kernel.api.bodies import as_object
from kernel.api.etag import require_match
from kernel.api.idempotency import once
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView
from kernel.errors import NotFoundError


class TenantDetailView(TenantView):
    @extend_schema(operation_id="tenant_get", responses=s.TenantOut)
    def get(self, request: Request) -> Response:
        """The tenant, my role in it, and the rooms I use."""
        tenant = tenant_of(self.actor)
        body = {
            "id": tenant.pk,
            "slug": tenant.slug,
            "name": tenant.name,
            "region": tenant.region.slug,
            "role": self.actor.role,
            "rooms": selectors.rooms_for(self.actor),
        }
        return Response(s.TenantOut(body).data)


class _WithRoles(TenantView):
    """Projects with the roles the actor has in each."""

    def with_roles(self, rows: list[Any]) -> list[Any]:
        """Put my roles and, where I oversee it, its numbers beside each project: the same few queries for any page."""
        ids = [p.pk for p in rows]
        roles, counts = selectors.roles_by_project(self.actor, ids), selectors.counts_for(self.actor, ids)
        for project in rows:
            project.my_roles, project.counts = roles.get(project.pk, []), counts.get(project.pk)
        return rows


class ProjectsView(_WithRoles):
    @extend_schema(operation_id="project_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.ProjectOut))
    def get(self, request: Request) -> Response:
        """The projects I see."""
        rows = selectors.project_list_for(self.actor)
        search = request.query_params.get("search", "")
        if search:
            rows = rows.filter(name__icontains=search)
        return self.page(rows, s.ProjectOut, prepare=self.with_roles)

    @extend_schema(operation_id="project_create", request=s.ProjectIn, responses={201: s.ProjectOut})
    def post(self, request: Request) -> Response:
        """A new project."""

        def act() -> Response:
            project = projects.project_create(actor=self.actor, **self.valid(s.ProjectIn))
            return Response(s.ProjectOut(self.with_roles([project])[0]).data, status=201)

        return once(request, self.actor, act)


class ProjectView(_WithRoles):
    @extend_schema(operation_id="project_get", responses=s.ProjectOut)
    def get(self, request: Request, slug: str) -> Response:
        """One project."""
        return self._answer(selectors.project_get_for(actor=self.actor, slug=slug))

    @extend_schema(operation_id="project_change", request=s.ProjectChangeIn, responses=s.ProjectOut)
    def patch(self, request: Request, slug: str) -> Response:
        """Change a project. Send If-Match with the ETag you read."""
        current = selectors.project_get_for(actor=self.actor, slug=slug, action=ProjectAction.MANAGE)
        require_match(request, str(current.version))
        changes = self.valid(s.ProjectChangeIn)
        return self._answer(projects.project_change(actor=self.actor, slug=slug, changes=changes))

    def _answer(self, project: Any) -> Response:
        body = s.ProjectOut(self.with_roles([project])[0]).data
        return Response(body, headers={"ETag": f'"{project.version}"'})


class LabelSchemaView(TenantView):
    @extend_schema(operation_id="label_schema_get", responses=s.LabelSchemaOut)
    def get(self, request: Request, slug: str) -> Response:
        """The newest label schema."""
        project = selectors.project_get_for(actor=self.actor, slug=slug)
        version, schema = selectors.label_schema_of(project.pk)
        return Response({"version": version, **d.schema_as_json(schema)})

    @extend_schema(operation_id="label_schema_set", request=s.LabelSchemaIn, responses=s.LabelSchemaOut)
    def put(self, request: Request, slug: str) -> Response:
        """The next version of the label schema."""
        project = selectors.project_get_for(actor=self.actor, slug=slug, action=ProjectAction.MANAGE)
        row = definitions.label_schema_set(actor=self.actor, project=project, definition=as_object(request.data))
        return Response({"version": row.version, **row.definition})


class CharterView(TenantView):
    @extend_schema(operation_id="charter_get", responses=s.CharterOut)
    def get(self, request: Request, slug: str) -> Response:
        """The newest charter."""
        project = selectors.project_get_for(actor=self.actor, slug=slug)
        version, charter = selectors.charter_of(project.pk)
        return Response({"version": version, **d.charter_as_json(charter)})

    @extend_schema(operation_id="charter_set", request=s.CharterIn, responses=s.CharterOut)
    def put(self, request: Request, slug: str) -> Response:
        """The next version of the charter."""
        project = selectors.project_get_for(actor=self.actor, slug=slug, action=ProjectAction.MANAGE)
        row = definitions.charter_set(actor=self.actor, project=project, definition=as_object(request.data))
        return Response({"version": row.version, **row.definition})


class RolesView(TenantView):
    @extend_schema(operation_id="role_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.RoleGrantOut))
    def get(self, request: Request, slug: str) -> Response:
        """Who has which role in the project."""
        project = selectors.project_get_for(actor=self.actor, slug=slug, action=ProjectAction.MANAGE)
        return self.page(selectors.role_grant_list_for(actor=self.actor, project=project), s.RoleGrantOut)

    @extend_schema(operation_id="role_grant", request=s.RoleGrantIn, responses={201: s.RoleGrantOut})
    def post(self, request: Request, slug: str) -> Response:
        """Give a member a role, by user id or e-mail address."""
        project = selectors.project_get_for(actor=self.actor, slug=slug, action=ProjectAction.MANAGE)
        body = self.valid(s.RoleGrantIn)
        user_id = body.get("user_id") or getattr(member_by_email(body.get("email", "")), "pk", None)
        if user_id is None:
            raise NotFoundError("No member has this address.", remedy="Add the person as a member first.")
        grant = projects.role_grant(actor=self.actor, project=project, user_id=user_id, role=body["role"])
        return Response(s.RoleGrantOut(grant).data, status=201)


class RoleView(TenantView):
    @extend_schema(operation_id="role_revoke", responses={204: None})
    def delete(self, request: Request, slug: str, grant_id: uuid.UUID) -> Response:
        """Take a role away."""
        project = selectors.project_get_for(actor=self.actor, slug=slug, action=ProjectAction.MANAGE)
        projects.role_revoke(actor=self.actor, project=project, grant_id=grant_id)
        return Response(status=204)
