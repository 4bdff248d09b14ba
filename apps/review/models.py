"""How readers agreed, what settled it, and what a case is worth in the end. Computed rows name their definition."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.review.constants import Decision, HowSettled
from kernel.tenancy.models import TenantModel


class Agreement(TenantModel):
    """The agreement of a case's readers on one class or one question, kept with its definition and engine version.

    `key` is "class:<number>" or "question:<key>". `value` is that of the pair of readers that agrees least; null where
    it is not defined, and `outcome` says why. `pairs` holds every pair, readers by read id.
    """

    case = models.ForeignKey("tasks.Case", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    project_id = models.UUIDField()
    key = models.CharField(max_length=60)
    class_number = models.PositiveIntegerField(null=True)
    name = models.CharField(max_length=300)
    metric = models.CharField(max_length=20)
    definition_id = models.CharField(max_length=40)
    engine_version = models.CharField(max_length=20)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    limit = models.FloatField()
    outcome = models.CharField(max_length=20)
    concordant = models.BooleanField()
    pairs = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "case", "key"], name="review_agreement_once")]
        indexes = [models.Index(fields=["tenant_id", "project_id", "key"], name="review_agreement_project")]


class Consensus(TenantModel):
    """One segmentation from several readers', kept as the state of a computed read.

    `results` holds, by series and class, what makes it again bit for bit: algorithm, version, parameters, digest;
    `beside` the other algorithm on the same masks, and how many voxels differ.
    """

    case = models.ForeignKey("tasks.Case", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    read = models.ForeignKey("tasks.Read", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    algorithm = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    parameters = models.JSONField(default=dict)
    results = models.JSONField(default=list)
    engine_version = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "read"], name="review_consensus_once")]


class Discordance(TenantModel):
    """That a case needs a third reader. `shown` is the order of the reads as A, B, …, fixed when it opened."""

    case = models.ForeignKey("tasks.Case", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    shown = models.JSONField(default=list)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "case"], condition=Q(resolved_at__isnull=True), name="review_discordance_open"
            )
        ]


class Adjudication(TenantModel):
    """Who settled a discordance with which read; digests of what was shown and of what stands. The rationale is the read's."""

    case = models.ForeignKey("tasks.Case", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    discordance = models.ForeignKey(Discordance, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    read = models.ForeignKey("tasks.Read", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    decided_at = models.DateTimeField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "read"], name="review_adjudication_once")]


class ReferenceStandard(TenantModel):
    """What a case is taken for: the read that stands, and how it came. At most one stands; a returned one is withdrawn."""

    case = models.ForeignKey("tasks.Case", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    project_id = models.UUIDField()
    read = models.ForeignKey("tasks.Read", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    how = models.CharField(max_length=12, choices=HowSettled.choices)
    readers = models.PositiveSmallIntegerField()
    settled_at = models.DateTimeField()
    review_wanted = models.BooleanField(default=False)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "case"], condition=Q(withdrawn_at__isnull=True), name="review_reference_stands"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "project_id"], name="review_reference_project")]


class ReviewDecision(TenantModel):
    """What a reviewer said of a reference standard. `comment` is sealed under the subject's secret."""

    case = models.ForeignKey("tasks.Case", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    reference = models.ForeignKey(ReferenceStandard, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    reviewer_id = models.UUIDField()
    decision = models.CharField(max_length=10, choices=Decision.choices)
    comment = models.BinaryField(default=b"")
