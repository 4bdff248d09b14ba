"""The truth about background work is a row with a lease; the broker's message only says "look here"."""

from __future__ import annotations

from django.db import models

from kernel.tenancy.models import TenantModel


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(TenantModel):
    """A piece of background work: what, for whom, how far, and how it ended.

    `arguments` are ids only. `run_token` names the attempt that holds the lease: whoever lost the lease can no longer
    write, so a worker thought dead cannot overwrite its successor.
    """

    name = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict)
    queue = models.CharField(max_length=40, default="default")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    requested_by = models.UUIDField(null=True)
    project_id = models.UUIDField(null=True)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.UUIDField(null=True)
    parent_id = models.UUIDField(null=True)
    dedup_key = models.CharField(max_length=200, blank=True)
    progress_done = models.BigIntegerField(default=0)
    progress_total = models.BigIntegerField(null=True)
    progress_unit = models.CharField(max_length=20, blank=True)
    progress_message = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    run_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=100, blank=True)
    error_detail = models.TextField(blank=True)
    error_remedy = models.TextField(blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "-created_at"], name="kernel_job_newest"),
            models.Index(fields=["state", "lease_until"], name="kernel_job_leases"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "name", "dedup_key"],
                condition=models.Q(state__in=["queued", "running"]) & ~models.Q(dedup_key=""),
                name="kernel_job_once",
            )
        ]
