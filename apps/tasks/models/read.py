"""What one reader makes of one case, and the time it took."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.tasks.domain.states import AssignmentEnd, ReadState
from apps.tasks.models.case import Case, Task
from kernel.tenancy.models import TenantModel


class Read(TenantModel):
    """A read by a person, or (`reader_id` empty) what the platform computed from several: the consensus.

    The versions are those it was begun under. `rationale` is sealed under the subject's secret.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, db_constraint=False, related_name="reads")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, db_constraint=False, null=True, related_name="reads")
    stage_key = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    reader_id = models.UUIDField(null=True)
    state = models.CharField(max_length=10, choices=[(s, s) for s in ReadState], default=ReadState.DRAFT)
    charter_version = models.PositiveIntegerField()
    schema_version = models.PositiveIntegerField()
    signed_at = models.DateTimeField(null=True)
    signature_meaning = models.CharField(max_length=200, blank=True)
    rationale = models.BinaryField(default=b"")
    active_s = models.FloatField(default=0.0)
    heard_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "case", "stage_key", "reader_id"],
                condition=~Q(state=ReadState.SUPERSEDED) & Q(reader_id__isnull=False),
                name="tasks_one_read_a_stage",
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "task"],
                condition=Q(state__in=[ReadState.DRAFT, ReadState.SIGNED]),
                name="tasks_one_read_a_task",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ReadState.DRAFT, ReadState.RELEASED]) | Q(signed_at__isnull=False),
                name="tasks_signed_has_time",
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "reader_id", "state"], name="tasks_read_of_reader")]


class Assignment(TenantModel):
    """That a reader holds a task, from `created_at` until `ended_at`; `lease_until` is when it falls back by itself."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, db_constraint=False, related_name="assignments")
    read = models.ForeignKey(Read, on_delete=models.PROTECT, db_constraint=False, related_name="assignments")
    reader_id = models.UUIDField()
    lease_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=10, choices=[(s, s) for s in AssignmentEnd], blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "task"], condition=Q(ended_at__isnull=True), name="tasks_held_once"
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "read"], condition=Q(ended_at__isnull=True), name="tasks_read_held_once"
            ),
        ]
        indexes = [
            models.Index(fields=["lease_until"], condition=Q(ended_at__isnull=True), name="tasks_lease_ends"),
            models.Index(fields=["tenant_id", "reader_id"], condition=Q(ended_at__isnull=True), name="tasks_held_by"),
        ]


class WorkInterval(TenantModel):
    """An unbroken stretch of reading, as the server's clock measured it."""

    read = models.ForeignKey(Read, on_delete=models.PROTECT, db_constraint=False, related_name="intervals")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    active_s = models.FloatField(default=0.0)
