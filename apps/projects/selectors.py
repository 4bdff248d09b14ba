"""Reads of the room, and its doors."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from django.db.models import QuerySet

from apps.projects import permissions
from apps.projects.constants import ROLE_ACTIONS, ProjectAction
from apps.projects.domain import definitions
from apps.projects.models import Charter, LabelSchema, Project, RoleGrant
from kernel.actors import Actor
from kernel.errors import ConflictError, NotFoundError
from kernel.jobs.models import Job

may = permissions.may


def project_list_for(actor: Actor, action: ProjectAction = ProjectAction.VIEW) -> QuerySet[Project]:
    """The projects where the actor holds the permission. Administrators of the tenant see that all projects exist."""
    if actor.administers and action is ProjectAction.VIEW:
        return Project.objects.all()
    return Project.objects.filter(pk__in=permissions.project_ids(actor, action))


def project_get_for(
    *, actor: Actor, slug: str = "", project_id: uuid.UUID | None = None, action: ProjectAction = ProjectAction.VIEW
) -> Project:
    """The project at `slug` or with this id, where the actor holds the permission. Raises `NotFoundError`."""
    rows = Project.objects.filter(pk=project_id) if project_id else Project.objects.filter(slug=slug)
    project = rows.first()
    if project is None:
        raise NotFoundError()
    if actor.administers and action in {ProjectAction.VIEW, ProjectAction.MANAGE}:
        return project
    permissions.require(actor, action, project)
    return project


def project_ids_for(actor: Actor, action: ProjectAction) -> list[uuid.UUID]:
    """The ids of the projects where the actor holds the permission."""
    return permissions.project_ids(actor, action)


def actions_of(actor: Actor) -> set[str]:
    """Every permission the actor holds on any project: which rooms the page offers. One query."""
    rows = RoleGrant.objects.filter(user=actor.user).values_list("role", flat=True).distinct()
    return {action.value for role in rows for action in ROLE_ACTIONS.get(role, frozenset())}


def roles_by_project(actor: Actor, project_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """The actor's roles in each project, in one query."""
    found: dict[uuid.UUID, list[str]] = defaultdict(list)
    rows = RoleGrant.objects.filter(user=actor.user, project_id__in=list(project_ids)).order_by("role")
    for row in rows:
        found[row.project_id].append(row.role)
    return found


def role_grant_list_for(*, actor: Actor, project: Project) -> QuerySet[RoleGrant]:
    """Who has which role; for the project's managers and the tenant's administrators."""
    if not actor.administers:
        permissions.require(actor, ProjectAction.MANAGE, project)
    return RoleGrant.objects.select_related("user").filter(project=project)


def user_ids_with_role(project_id: uuid.UUID, role: str) -> set[uuid.UUID]:
    """The people who have a role in a project."""
    return set(RoleGrant.objects.filter(project_id=project_id, role=role).values_list("user_id", flat=True))


def label_schema_of(project_id: uuid.UUID, version: int | None = None) -> tuple[int, definitions.SchemaDefinition]:
    """A version of the label schema (the newest by default), with its number. Raises `ConflictError` when there is none."""
    rows = LabelSchema.objects.filter(project_id=project_id)
    row = rows.filter(version=version).first() if version else rows.order_by("-version").first()
    if row is None:
        raise ConflictError(
            "The project has no label schema yet.", code="no-label-schema", remedy="Write one on the project's page."
        )
    return row.version, definitions.schema_from_json(row.definition)


def charter_of(project_id: uuid.UUID, version: int | None = None) -> tuple[int, definitions.CharterDefinition]:
    """A version of the charter (the newest by default), with its number. Raises `ConflictError` when there is none."""
    rows = Charter.objects.filter(project_id=project_id)
    row = rows.filter(version=version).first() if version else rows.order_by("-version").first()
    if row is None:
        raise ConflictError(
            "The project has no charter yet.", code="no-charter", remedy="Write one on the project's page."
        )
    return row.version, definitions.charter_from_json(row.definition)


def definition_digests(project_id: uuid.UUID, schema_version: int, charter_version: int) -> tuple[str, str]:
    """The digests of a schema version and a charter version, for manifests."""
    schema = LabelSchema.objects.get(project_id=project_id, version=schema_version)
    charter = Charter.objects.get(project_id=project_id, version=charter_version)
    return schema.digest, charter.digest


def projects_by_id(project_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Project]:
    """Projects by id, in one query; the caller has opened the door."""
    return {p.pk: p for p in Project.objects.filter(pk__in=set(project_ids))}


def rooms_for(actor: Actor) -> list[str]:
    """The rooms the left rail shows: only what the person's roles use."""
    actions = {a.value for a in ProjectAction} if actor.is_system else actions_of(actor)
    rules: list[tuple[str, bool]] = [
        ("worklist", bool(actions & {ProjectAction.READ, ProjectAction.ADJUDICATE})),
        ("projects", actor.administers or ProjectAction.VIEW in actions),
        ("studies", ProjectAction.VIEW_STUDIES in actions),
        ("review", ProjectAction.VIEW_CASES in actions),
        ("datasets", ProjectAction.VIEW_DATASETS in actions),
        ("releases", ProjectAction.PULL_RELEASES in actions),
        ("jobs", actor.administers or ProjectAction.VIEW_CASES in actions),
        ("audit", actor.administers or actor.role == "auditor"),
        ("members", actor.administers or actor.role == "auditor"),
    ]
    return [room for room, shown in rules if shown]


CountSource = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, Mapping[str, int]]]
_count_sources: list[CountSource] = []


def register_counts(source: CountSource) -> None:
    """Let a higher room add its numbers to the list of projects; called once by its app's `ready`."""
    if source not in _count_sources:
        _count_sources.append(source)


def counts_for(actor: Actor, project_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """The numbers of the projects the actor oversees. Whoever reads in a project sees none: they move with others' reads."""
    overseen, everything = overseen_projects(actor)
    wanted = [p for p in project_ids if everything or p in overseen]
    found: dict[uuid.UUID, dict[str, int]] = {p: {"studies": 0, "cases": 0, "cases_settled": 0} for p in wanted}
    for source in _count_sources if wanted else []:
        for project_id, numbers in source(wanted).items():
            found[project_id] |= numbers
    return found


def overseen_projects(actor: Actor) -> tuple[set[uuid.UUID], bool]:
    """The projects whose movement the actor may see, and whether that is all of the tenant's.

    Whoever reads in a project, manager or owner though they be, must not see its jobs and cases move: that would tell
    them that somebody else has read.
    """
    reading = {
        *permissions.project_ids(actor, ProjectAction.READ),
        *permissions.project_ids(actor, ProjectAction.ADJUDICATE),
    }
    seen = set(permissions.project_ids(actor, ProjectAction.VIEW_CASES)) - reading
    sees_all = (actor.administers or actor.role == "auditor") and not reading
    return seen, sees_all


def job_list_for(actor: Actor, *, state: str = "", project_slug: str = "") -> QuerySet[Job]:
    """Background work of the projects the actor oversees; administrators and auditors see the tenant's."""
    overseen, everything = overseen_projects(actor)
    rows = Job.objects.all() if everything else Job.objects.filter(project_id__in=overseen)
    if state:
        rows = rows.filter(state=state)
    if project_slug:
        rows = rows.filter(project_id__in=Project.objects.filter(slug=project_slug).values("pk"))
    return rows


def job_get_for(*, actor: Actor, job_id: uuid.UUID) -> Job:
    """One job the actor may see. Raises `NotFoundError`."""
    job = job_list_for(actor).filter(pk=job_id).first()
    if job is None:
        raise NotFoundError()
    return job
