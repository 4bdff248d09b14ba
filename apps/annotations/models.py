"""What readers drew and answered. Revisions are append-only: the database refuses every change; the head is a pointer."""

from __future__ import annotations

from django.db import models

from kernel.tenancy.models import TenantModel


class AnnotationKind(models.TextChoices):
    SEGMENTATION = "segmentation"
    ANSWERS = "answers"


class Annotation(TenantModel):
    """One read's work on one target: the segmentation of a series, or the answers about the study.

    `read_id` names a row of a room above; its composite key is added there. `head_number` is the newest revision, 0
    before the first; saves to one annotation queue on this row. `subject_key_id` names the secret (`kernel.keys`)
    that opens every payload below. `stack` is the order of slices the read is drawn on, as it was at the first save:
    a series that grows later cannot move what was drawn.
    """

    read_id = models.UUIDField()
    study_id = models.UUIDField()
    kind = models.CharField(max_length=12, choices=AnnotationKind.choices)
    series_instance_uid = models.CharField(max_length=64, blank=True)
    tracking_uid = models.CharField(max_length=64)
    subject_key_id = models.UUIDField()
    stack = models.JSONField(default=dict)
    head_number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "read_id", "kind", "series_instance_uid"], name="annotations_target_once"
            )
        ]


class AnnotationRevision(TenantModel):
    """One acknowledged save. `client_id` names the save: the same one again gets the same answer.

    `sealed` holds the answers; planes are rows of their own. `submission_digest` tells a repeated save from another
    save under the same name.
    """

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, db_constraint=False, related_name="revisions")
    number = models.PositiveIntegerField()
    parent = models.PositiveIntegerField()
    client_id = models.UUIDField()
    saved_at = models.DateTimeField()
    saved_by = models.UUIDField(null=True)
    changed_slices = models.PositiveIntegerField(default=0)
    content_digest = models.CharField(max_length=64)
    submission_digest = models.CharField(max_length=64)
    sealed = models.BinaryField(default=b"")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "annotation", "number"], name="annotations_revision_number"),
            models.UniqueConstraint(fields=["tenant_id", "annotation", "client_id"], name="annotations_save_once"),
        ]


class SegmentSlice(TenantModel):
    """A segment on a slice, from revision `number` until a later row of the same place. No bytes = erased there."""

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, db_constraint=False, related_name="slices")
    revision = models.ForeignKey(
        AnnotationRevision, on_delete=models.PROTECT, db_constraint=False, related_name="slices"
    )
    number = models.PositiveIntegerField()
    segment = models.PositiveIntegerField()
    slice_index = models.PositiveIntegerField()
    sop_instance_uid = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sealed = models.BinaryField(default=b"")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "annotation", "segment", "slice_index", "number"], name="annotations_slice_once"
            )
        ]
