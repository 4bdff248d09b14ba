"""What was found on the way: in the quality of a series, and of identities in text and pixels."""

from __future__ import annotations

from django.db import models

from apps.intake.models.delivery import Delivery, IncomingFile
from kernel.tenancy.models import TenantModel


class QualityFinding(TenantModel):
    """One finding of the quality check of a series of a delivery; affected instances by their new UIDs."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, db_constraint=False, related_name="findings")
    series_digest = models.CharField(max_length=64)
    code = models.CharField(max_length=60)
    severity = models.CharField(max_length=10)
    report = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "delivery", "series_digest"], name="intake_finding_by_series")]

    def __str__(self) -> str:
        return self.code


class PhiFinding(TenantModel):
    """A place where an identity may be readable: a tag path, or a box in pixels; and what a person decided."""

    file = models.ForeignKey(IncomingFile, on_delete=models.CASCADE, db_constraint=False, related_name="phi_findings")
    kind = models.CharField(max_length=10)
    place = models.JSONField()
    decision = models.CharField(max_length=10, blank=True)
    decided_by = models.UUIDField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} finding"
