"""What happened, and the seals over it. Written once; the database refuses every change."""

from __future__ import annotations

from django.db import models

from kernel.tenancy.models import TenantModel


class AuditEvent(TenantModel):
    """One act or view. `leaf_hash` is the RFC 6962 hash of its canonical bytes.

    `transaction_id` (xid8, set by the database) lets the sealer take exactly the events of finished transactions.
    """

    recorded_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    token_id = models.UUIDField(null=True)
    action = models.CharField(max_length=80)
    object_kind = models.CharField(max_length=40)
    object_id = models.UUIDField(null=True)
    object_label = models.CharField(max_length=120, blank=True)
    subject_pseudonym = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=10)
    source = models.CharField(max_length=60, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    digest_before = models.CharField(max_length=64, blank=True)
    digest_after = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)
    leaf_hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "-recorded_at", "-id"], name="audit_event_newest"),
            models.Index(fields=["tenant_id", "object_id", "-recorded_at"], name="audit_event_object"),
        ]


class SealedLeaf(TenantModel):
    """The place of an event in its tenant's log."""

    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, db_constraint=False, related_name="sealed")
    leaf_index = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "leaf_index"], name="audit_leaf_place")]


class Checkpoint(TenantModel):
    """A signed statement of the log's size and root. `frontier` is what appending needs, so sealing costs what is new."""

    number = models.BigIntegerField()
    size = models.BigIntegerField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, blank=True)
    sealed_at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    signature = models.CharField(max_length=120)
    frontier = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "number"], name="audit_checkpoint_number")]
