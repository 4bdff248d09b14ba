"""Bytes the platform keeps: one row each, an owner each, sealed in an object store."""

from __future__ import annotations

from django.db import models

from kernel.blobs.sealing import RECORD_BYTES
from kernel.keys.models import WrappedKey
from kernel.tenancy.models import TenantModel


class Blob(TenantModel):
    """An immutable run of bytes, content-addressed inside its owner.

    `digest`       SHA-256 of the plaintext, in hex.
    `size`         plaintext bytes.
    `key`          whose secret opens it: a subject's, a delivery's, a project's or the tenant's.
    `wrapped_key`  the blob's own random key, wrapped under one derived from that secret.
    `path`         where the sealed records lie; a random name, so that the store shows no equality of content.
    """

    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    key = models.ForeignKey(WrappedKey, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    wrapped_key = models.BinaryField()
    path = models.CharField(max_length=200)
    record_bytes = models.PositiveIntegerField(default=RECORD_BYTES)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "key", "digest"],
                condition=models.Q(erased_at__isnull=True),
                name="kernel_blob_content",
            ),
            models.UniqueConstraint(fields=["tenant_id", "path"], name="kernel_blob_path"),
        ]

    def __str__(self) -> str:
        return f"blob {self.pk}"
