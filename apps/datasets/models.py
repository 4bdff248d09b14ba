"""Datasets, their versions, members and splits, and releases of versions."""

from __future__ import annotations

from django.db import models

from apps.datasets.constants import ReleaseState
from kernel.tenancy.models import TenantModel


class Dataset(TenantModel):
    """A named line of versions over one project's settled cases."""

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    next_message = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "slug"], name="datasets_dataset_slug")]


class DatasetVersion(TenantModel):
    """An immutable content; `digest` is the SHA-256 of `manifest`, its canonical bytes."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, db_constraint=False, related_name="versions")
    digest = models.CharField(max_length=64)
    manifest = models.BinaryField()
    parent = models.ForeignKey("self", on_delete=models.PROTECT, db_constraint=False, null=True, related_name="+")
    message = models.CharField(max_length=300, blank=True)
    made_by = models.UUIDField(null=True)
    member_count = models.PositiveIntegerField()
    subject_count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "dataset", "digest"], name="datasets_version_digest")
        ]


class Member(TenantModel):
    """One case of one version. `erased_at` is set when its subject was erased: the version can no longer be rebuilt whole."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, db_constraint=False, related_name="members")
    case_id = models.UUIDField()
    subject_id = models.UUIDField()
    case_label = models.CharField(max_length=60)
    side = models.CharField(max_length=12)
    leaf_hash = models.CharField(max_length=64)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "version", "case_id"], name="datasets_member_once")]
        indexes = [models.Index(fields=["tenant_id", "subject_id"], name="datasets_member_subject")]


class Split(TenantModel):
    """The side a subject is on, pinned for all versions of the dataset."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, db_constraint=False, related_name="splits")
    subject_id = models.UUIDField()
    side = models.CharField(max_length=12)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "dataset", "subject_id"], name="datasets_split_once")
        ]


class Release(TenantModel):
    """A version under a name, with terms, signed. The name never moves to another version."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, db_constraint=False, related_name="releases")
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, db_constraint=False, related_name="releases")
    name = models.CharField(max_length=60)
    terms = models.TextField()
    state = models.CharField(max_length=10, choices=ReleaseState.choices, default=ReleaseState.DRAFT)
    signature = models.CharField(max_length=120, blank=True)
    key_id = models.CharField(max_length=16, blank=True)
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "dataset", "name"], name="datasets_release_name")]
