"""What arrives, file by file, until it is admitted or turned away."""

from __future__ import annotations

from django.db import models

from apps.intake.domain.states import DeliveryState, FileState
from kernel.tenancy.models import TenantModel


def _choices(states: type[DeliveryState] | type[FileState]) -> list[tuple[str, str]]:
    return [(state.value, state.value) for state in states]


class Delivery(TenantModel):
    """Files that came together. `key` seals their bytes and names until each one's subject is known.

    `closed_at` is when nothing of it was open any more and that key was destroyed.
    """

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=10)
    state = models.CharField(max_length=12, choices=_choices(DeliveryState), default=DeliveryState.RECEIVING.value)
    key = models.ForeignKey("kernel.WrappedKey", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    files_expected = models.PositiveIntegerField(null=True)
    files_received = models.PositiveIntegerField(default=0)
    bytes_received = models.BigIntegerField(default=0)
    last_received_at = models.DateTimeField(null=True)
    job_id = models.UUIDField(null=True)
    created_by = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["tenant_id", "project", "-created_at", "-id"], name="intake_delivery_newest")]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class IncomingFile(TenantModel):
    """One file as it came. Names and original identities may identify people: they are sealed or kept as keyed digests.

    `sealed_name`    the relative path it was sent under, sealed under the delivery's key
    `name_digest`    keyed digest of that path, to resume an upload
    `sha256`         of the bytes as they came
    `series_digest`  keyed digest of the original study and series UID: the group quality is checked in
    `instance_digest`  keyed digest of the original SOP Instance UID
    `released_for`   codes a person let the file pass for, separated by spaces
    `where`          place of a residual or a finding: a tag path, never a value
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, db_constraint=False, related_name="files")
    number = models.PositiveIntegerField()
    sealed_name = models.BinaryField()
    name_digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    blob = models.ForeignKey("kernel.Blob", null=True, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    state = models.CharField(max_length=12, choices=_choices(FileState), default=FileState.RECEIVED.value)
    reason_code = models.CharField(max_length=60, blank=True)
    reason_title = models.CharField(max_length=200, blank=True)
    reason_remedy = models.CharField(max_length=300, blank=True)
    where = models.CharField(max_length=200, blank=True)
    subject = models.ForeignKey(
        "studies.Subject", null=True, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    series_digest = models.CharField(max_length=64, blank=True)
    instance_digest = models.CharField(max_length=64, blank=True)
    series_id = models.UUIDField(null=True)
    instance_id = models.UUIDField(null=True)
    released_for = models.CharField(max_length=200, blank=True)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "delivery", "name_digest", "sha256"],
                condition=~models.Q(sha256=""),
                name="intake_file_once",
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "delivery", "state"], name="intake_file_by_state"),
            models.Index(fields=["tenant_id", "sha256"], name="intake_file_by_digest"),
            models.Index(fields=["tenant_id", "instance_digest"], name="intake_file_by_instance"),
        ]

    def __str__(self) -> str:
        return f"file {self.number} of {self.delivery_id}"


class Admission(TenantModel):
    """That instances of one series left quarantine together, under one policy.

    `manifest_blob` says tag by tag what was changed; `vault_blob` holds the original values. Both are sealed under
    the subject's secret.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, db_constraint=False, related_name="admissions")
    subject = models.ForeignKey("studies.Subject", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    series = models.ForeignKey("studies.Series", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    policy = models.CharField(max_length=60)
    policy_digest = models.CharField(max_length=64)
    instance_count = models.PositiveIntegerField()
    manifest_blob = models.ForeignKey("kernel.Blob", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    vault_blob = models.ForeignKey("kernel.Blob", on_delete=models.PROTECT, db_constraint=False, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "series"], name="intake_admission_by_series")]

    def __str__(self) -> str:
        return f"admission {self.pk}"
