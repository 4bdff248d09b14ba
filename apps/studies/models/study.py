"""Study, Series, Instance, as PS3.3 A.1.2 has them, after de-identification.

The columns are what lists and QIDO-RS ask for. The full DICOM JSON of every instance lies sealed under the subject's
secret, as lines of one blob per admission, and is read by range.
"""

from __future__ import annotations

from django.db import models

from apps.studies.models.subject import Subject
from kernel.tenancy.models import TenantModel


class Study(TenantModel):
    """`attributes` holds the study-level attributes QIDO-RS answers with, as DICOM JSON (PS3.18 F.2)."""

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, db_constraint=False, related_name="studies")
    study_instance_uid = models.CharField(max_length=64)
    study_date = models.CharField(max_length=8, blank=True)
    description = models.CharField(max_length=200, blank=True)
    modalities = models.JSONField(default=list)
    series_count = models.PositiveIntegerField(default=0)
    instance_count = models.PositiveIntegerField(default=0)
    attributes = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "project", "study_instance_uid"], name="studies_study_uid")
        ]
        indexes = [models.Index(fields=["tenant_id", "project", "-created_at", "-id"], name="studies_study_newest")]

    def __str__(self) -> str:
        return self.study_instance_uid


class Series(TenantModel):
    """`quality` is the last quality report of the series as JSON; `geometry_digest` names its grid."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, db_constraint=False, related_name="series")
    series_instance_uid = models.CharField(max_length=64)
    modality = models.CharField(max_length=16, blank=True)
    number = models.IntegerField(null=True)
    description = models.CharField(max_length=200, blank=True)
    instance_count = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    columns = models.PositiveIntegerField(default=0)
    spacing_mm = models.JSONField(null=True)
    geometry_digest = models.CharField(max_length=64, blank=True)
    quality = models.JSONField(default=dict)
    attributes = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "study", "series_instance_uid"], name="studies_series_uid")
        ]

    def __str__(self) -> str:
        return self.series_instance_uid


class Instance(TenantModel):
    """One SOP instance.

    `blob`           the de-identified file; where nothing had to change, the very bytes that arrived
    `source_blob`    the file as it arrived, sealed under the subject's secret
    `source_digest`  SHA-256 of the file as it arrived; empty once erased
    `frame_table`    where each frame's bytes lie in `blob` (`domain.frames.FrameTable`), null where frames must be decoded
    `metadata_blob`, `metadata_offset`, `metadata_length`  the instance's DICOM JSON
    """

    series = models.ForeignKey(Series, on_delete=models.PROTECT, db_constraint=False, related_name="instances")
    sop_class_uid = models.CharField(max_length=64)
    sop_instance_uid = models.CharField(max_length=64)
    transfer_syntax_uid = models.CharField(max_length=64)
    number = models.IntegerField(null=True)
    rows = models.PositiveIntegerField(default=0)
    columns = models.PositiveIntegerField(default=0)
    frames = models.PositiveIntegerField(default=0)
    bits_allocated = models.PositiveSmallIntegerField(default=0)
    blob = models.ForeignKey("kernel.Blob", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    source_blob = models.ForeignKey("kernel.Blob", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    source_digest = models.CharField(max_length=64, blank=True)
    frame_table = models.JSONField(null=True)
    metadata_blob = models.ForeignKey("kernel.Blob", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    metadata_offset = models.BigIntegerField()
    metadata_length = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "series", "sop_instance_uid"], name="studies_instance_uid")
        ]
        indexes = [
            models.Index(fields=["tenant_id", "sop_instance_uid"], name="studies_instance_by_uid"),
            models.Index(fields=["tenant_id", "source_digest"], name="studies_instance_by_source"),
        ]

    def __str__(self) -> str:
        return self.sop_instance_uid


class DerivedFrames(TenantModel):
    """All frames of an instance in another transfer syntax, one after the other. Rebuilt whenever it is missing.

    `offsets` has one entry more than there are frames: frame i is the bytes from offsets[i] to offsets[i + 1].
    """

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, db_constraint=False, related_name="derived")
    transfer_syntax_uid = models.CharField(max_length=64)
    blob = models.ForeignKey("kernel.Blob", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    offsets = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "instance", "transfer_syntax_uid"], name="studies_derived_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.instance_id} as {self.transfer_syntax_uid}"
