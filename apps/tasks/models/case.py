"""A study to be read, and the places in it for readers."""

from __future__ import annotations

from django.db import models

from apps.tasks.domain.states import CaseState, TaskState
from kernel.tenancy.models import TenantModel


class Case(TenantModel):
    """One study under one version of the charter and of the label schema, fixed while anybody has begun to read it."""

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    study = models.ForeignKey("studies.Study", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=[(s, s) for s in CaseState], default=CaseState.WAITING)
    priority = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    charter_version = models.PositiveIntegerField()
    schema_version = models.PositiveIntegerField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "project", "study"], name="tasks_case_study"),
            models.UniqueConstraint(fields=["tenant_id", "project", "number"], name="tasks_case_number"),
        ]

    @property
    def label(self) -> str:
        """What people call the case."""
        return f"Case {self.number:04d}"


class Task(TenantModel):
    """One place for one reader in a stage of a case.

    `round_id` is common to all places of a stage, and the only id a reader sees: which of several places is free
    would tell whether somebody else has taken one.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, db_constraint=False, related_name="tasks")
    round_id = models.UUIDField()
    stage_key = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    ordinal = models.PositiveSmallIntegerField()
    lease_s = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=[(s, s) for s in TaskState], default=TaskState.WAITING)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "case", "stage_key", "ordinal"],
                condition=~models.Q(state__in=[TaskState.RECALLED, TaskState.DONE]),
                name="tasks_place_once",
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "round_id"], name="tasks_task_round"),
            models.Index(fields=["tenant_id", "state", "kind"], name="tasks_task_open"),
        ]


class CaseFlag(TenantModel):
    """Something about a case that a person must look at. `text` is sealed: readers write what they see."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, db_constraint=False, related_name="flags")
    read_id = models.UUIDField()
    code = models.CharField(max_length=40)
    text = models.BinaryField(default=b"")
    resolved_at = models.DateTimeField(null=True)
