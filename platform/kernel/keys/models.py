"""The key store: every key but the root, each wrapped by the one above it."""

from __future__ import annotations

from django.db import models

from kernel.tenancy.models import TenantModel


class KeyKind(models.TextChoices):
    TENANT = "tenant"
    PROJECT = "project"
    SUBJECT = "subject"
    DELIVERY = "delivery"


class WrappedKey(TenantModel):
    """A 32-byte secret of a tenant, project, subject or delivery, wrapped by its parent (a tenant's by the root key).

    `wrapped` is empty once the secret was destroyed; the row stays as the proof that it existed and when it ended.
    Nothing else in the database holds key material, so that this table can be backed up by itself (docs/keys.md).
    """

    kind = models.CharField(max_length=10, choices=KeyKind.choices)
    owner_id = models.UUIDField()
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    wrapped = models.BinaryField()
    root_key_id = models.CharField(max_length=100, blank=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "kernel_wrapped_key"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "kind", "owner_id"], name="kernel_wrapped_key_owner"),
            models.CheckConstraint(
                condition=models.Q(destroyed_at__isnull=True) | models.Q(wrapped=b""),
                name="kernel_wrapped_key_destroyed_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} key {self.pk}"

    @property
    def context(self) -> bytes:
        """What the wrapping authenticates: a wrapped key moved to another row does not open."""
        return f"{self.tenant_id}:{self.kind}:{self.owner_id}:{self.pk}".encode()
