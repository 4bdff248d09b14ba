"""Exports of versions, their files, who may pull them and who did."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.exports.constants import ExportFormat, ExportState
from kernel.tenancy.models import TenantModel


class Export(TenantModel):
    """A version written in a format. The same version, format and options are the same export, byte for byte."""

    version = models.ForeignKey(
        "datasets.DatasetVersion", on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    project_id = models.UUIDField()
    format = models.CharField(max_length=12, choices=ExportFormat.choices)
    options = models.JSONField(default=dict)
    options_digest = models.CharField(max_length=64)
    engine_version = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=8, choices=ExportState.choices, default=ExportState.QUEUED)
    job_id = models.UUIDField(null=True)
    artifact_count = models.PositiveIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    content_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "version", "format", "options_digest"], name="exports_export_once"
            )
        ]


class Artifact(TenantModel):
    """One file of an export. Files of one subject are sealed under that subject's secret."""

    export = models.ForeignKey(Export, on_delete=models.PROTECT, db_constraint=False, related_name="artifacts")
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    blob = models.ForeignKey("kernel.Blob", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    case_label = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "export", "path"], name="exports_artifact_path")]


class ReleaseExport(TenantModel):
    """Which exports a release hands out."""

    release = models.ForeignKey("datasets.Release", on_delete=models.CASCADE, db_constraint=False, related_name="+")
    export = models.ForeignKey(Export, on_delete=models.PROTECT, db_constraint=False, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "release", "export"], name="exports_release_once")]


class Grant(TenantModel):
    """That a customer may pull a release."""

    release = models.ForeignKey("datasets.Release", on_delete=models.CASCADE, db_constraint=False, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    granted_by = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "release", "user"], name="exports_grant_once")]


class Download(TenantModel):
    """That somebody pulled a file, and how much of it."""

    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, db_constraint=False, related_name="downloads")
    user_id = models.UUIDField(null=True)
    bytes = models.BigIntegerField()
