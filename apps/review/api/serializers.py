"""What the review endpoints take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.review.constants import Decision, HowSettled
from apps.review.selectors.cases import STATES


class CaseSubjectOut(serializers.Serializer[Any]):
    pseudonym = serializers.CharField()


class CaseAgreementSummaryOut(serializers.Serializer[Any]):
    worst = serializers.FloatField(allow_null=True)
    limit = serializers.FloatField()


class ReferenceOut(serializers.Serializer[Any]):
    how = serializers.ChoiceField(choices=HowSettled.choices)


class CaseOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    label = serializers.CharField()
    subject = CaseSubjectOut()
    state = serializers.ChoiceField(choices=STATES)
    reads_signed = serializers.IntegerField()
    reads_wanted = serializers.IntegerField()
    agreement = CaseAgreementSummaryOut(allow_null=True)
    reference_standard = ReferenceOut(allow_null=True)
    updated_at = serializers.DateTimeField()


class PersonRefOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class CaseReadOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    reader = PersonRefOut(allow_null=True)
    state = serializers.CharField()
    signed_at = serializers.DateTimeField(allow_null=True)
    active_reading_s = serializers.IntegerField()
    label = serializers.CharField(allow_blank=True)


class CaseAgreementOut(serializers.Serializer[Any]):
    class_number = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    metric = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    limit = serializers.FloatField()
    outcome = serializers.CharField()
    concordant = serializers.BooleanField()
    definition_id = serializers.CharField()
    engine_version = serializers.CharField()


class CaseConsensusOut(serializers.Serializer[Any]):
    algorithm = serializers.CharField()
    version = serializers.CharField()
    parameters = serializers.DictField()
    read_id = serializers.UUIDField()
    results = serializers.ListField(child=serializers.DictField())


class CaseAdjudicationOut(serializers.Serializer[Any]):
    read_id = serializers.UUIDField()
    rationale = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField()


class CaseDecisionOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    decision = serializers.ChoiceField(choices=Decision.choices)
    comment = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField()
    actor = PersonRefOut(allow_null=True)


class CaseFlagOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    code = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    raised_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)


class CaseStudyOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    study_instance_uid = serializers.CharField()
    description = serializers.CharField(allow_blank=True)


class CaseProjectOut(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    colour = serializers.CharField()


class CaseDetailOut(CaseOut):
    project = CaseProjectOut()
    study = CaseStudyOut()
    reads = CaseReadOut(many=True)
    agreement_by_class = CaseAgreementOut(many=True)
    consensus = CaseConsensusOut(allow_null=True)
    adjudication = CaseAdjudicationOut(allow_null=True)
    decisions = CaseDecisionOut(many=True)
    flags = CaseFlagOut(many=True)


class ReviewIn(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=Decision.choices)
    comment = serializers.CharField(max_length=5000, required=False, allow_blank=True, default="")


class AdoptIn(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=1)


class AdoptedSegmentationOut(serializers.Serializer[Any]):
    series_instance_uid = serializers.CharField()
    revision = serializers.IntegerField()


class AdoptedOut(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    answers_revision = serializers.IntegerField()
    segmentations = AdoptedSegmentationOut(many=True)


class CaseCountsOut(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    by_state = serializers.DictField(child=serializers.IntegerField())


class ClassAgreementOut(serializers.Serializer[Any]):
    class_number = serializers.IntegerField()
    name = serializers.CharField()
    n = serializers.IntegerField()
    mean = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    limit = serializers.FloatField()
    metric = serializers.CharField()
    definition_id = serializers.CharField()


class AttentionOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    count = serializers.IntegerField()
    text = serializers.CharField()
    link = serializers.CharField()


class PaceOut(serializers.Serializer[Any]):
    day = serializers.DateField()
    reads_signed = serializers.IntegerField()


class OverviewDeliveriesOut(serializers.Serializer[Any]):
    open = serializers.IntegerField()
    held = serializers.IntegerField()
    refused = serializers.IntegerField()


class OverviewOut(serializers.Serializer[Any]):
    cases = CaseCountsOut()
    agreement = ClassAgreementOut(many=True)
    stuck = AttentionOut(many=True)
    needs_me = AttentionOut(many=True)
    pace = PaceOut(many=True)
    deliveries = OverviewDeliveriesOut()
