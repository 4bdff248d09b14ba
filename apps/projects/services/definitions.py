"""New versions of a project's label schema and charter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.audit.services import event_record
from apps.projects.domain import definitions
from apps.projects.domain.definitions import DefinitionError
from apps.projects.domain.events import DefinitionsVersioned
from apps.projects.models import Charter, LabelSchema, Project
from kernel.actors import Actor
from kernel.errors import FieldProblem, InvalidError
from kernel.events import publish


@transaction.atomic
def label_schema_set(*, actor: Actor, project: Project, definition: Mapping[str, Any]) -> LabelSchema:
    """The next version of the label schema; the same content again is the version it already is.

    Raises `InvalidError` pointing at what contradicts itself.
    """
    try:
        plain = definitions.schema_as_json(definitions.schema_from_json(definition))
    except DefinitionError as error:
        raise InvalidError(error.detail, errors=[FieldProblem(error.pointer, "invalid", error.detail)]) from None
    digest = definitions.definition_digest("label-schema", plain)
    row: LabelSchema = _next_version(LabelSchema, project, plain, digest)
    _tell(actor, "projects.label_schema.versioned", project, row)
    return row


@transaction.atomic
def charter_set(*, actor: Actor, project: Project, definition: Mapping[str, Any]) -> Charter:
    """The next version of the charter; reads that have begun keep the version they began under.

    Raises `InvalidError` pointing at what contradicts itself.
    """
    try:
        plain = definitions.charter_as_json(definitions.charter_from_json(definition))
    except DefinitionError as error:
        raise InvalidError(error.detail, errors=[FieldProblem(error.pointer, "invalid", error.detail)]) from None
    digest = definitions.definition_digest("charter", plain)
    row: Charter = _next_version(Charter, project, plain, digest)
    _tell(actor, "projects.charter.versioned", project, row)
    return row


def _next_version(model: Any, project: Project, plain: dict[str, Any], digest: str) -> Any:
    Project.objects.select_for_update().get(pk=project.pk)
    newest = model.objects.filter(project=project).order_by("-version").first()
    if newest is not None and newest.digest == digest:
        return newest
    version = (model.objects.filter(project=project).aggregate(Max("version"))["version__max"] or 0) + 1
    return model.objects.create(project=project, version=version, definition=plain, digest=digest)


def _tell(actor: Actor, action: str, project: Project, row: LabelSchema | Charter) -> None:
    event_record(
        actor=actor,
        action=action,
        object_kind="project",
        object_id=project.pk,
        digest_after=row.digest,
        details={"version": row.version},
    )
    publish(DefinitionsVersioned(project_id=project.pk))
