"""What the worklist and read endpoints take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.tasks.services.reading import FLAG_CODES


class ProjectRefOut(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    colour = serializers.CharField()


class CaseRefOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    label = serializers.CharField()


class StageRefOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    kind = serializers.CharField()


class WorklistRowOut(serializers.Serializer[Any]):
    task_id = serializers.UUIDField()
    project = ProjectRefOut()
    case = CaseRefOut()
    stage = StageRefOut()
    state = serializers.ChoiceField(choices=["open", "claimed", "submitted"])
    read_id = serializers.UUIDField(allow_null=True)
    priority = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)
    modality = serializers.CharField()
    instance_count = serializers.IntegerField()
    lease_until = serializers.DateTimeField(allow_null=True)


class WorklistCountsOut(serializers.Serializer[Any]):
    open = serializers.IntegerField()
    claimed = serializers.IntegerField()
    submitted_today = serializers.IntegerField()


class ClaimNextIn(serializers.Serializer[Any]):
    project = serializers.CharField(required=False, allow_blank=True, default="")
    stage = serializers.CharField(required=False, allow_blank=True, default="")


class ClaimedOut(serializers.Serializer[Any]):
    read_id = serializers.UUIDField()


class NumberedCaseOut(CaseRefOut):
    number = serializers.IntegerField()
    total = serializers.IntegerField()


class ReadCharterOut(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    rationale_required = serializers.BooleanField()


class WorstOut(serializers.Serializer[Any]):
    worst = serializers.CharField()


class ReadSeriesOut(serializers.Serializer[Any]):
    series_instance_uid = serializers.CharField()
    modality = serializers.CharField()
    description = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    instance_count = serializers.IntegerField()
    rows = serializers.IntegerField(allow_null=True)
    columns = serializers.IntegerField(allow_null=True)
    quality = WorstOut()


class SegmentationHeadOut(serializers.Serializer[Any]):
    series_instance_uid = serializers.CharField()
    head_revision = serializers.IntegerField()
    saved_at = serializers.DateTimeField()


class AnswersStateOut(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    values = serializers.DictField()
    nothing_found = serializers.BooleanField()


class ReadOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=["draft", "signed", "superseded", "released"])
    stage = StageRefOut()
    task_sentence = serializers.CharField()
    project = ProjectRefOut()
    case = NumberedCaseOut()
    label_schema = serializers.DictField()
    charter = ReadCharterOut()
    dicomweb_root = serializers.CharField()
    study_instance_uid = serializers.CharField()
    series = ReadSeriesOut(many=True)
    segmentations = SegmentationHeadOut(many=True)
    answers = AnswersStateOut()
    active_reading_s = serializers.IntegerField()
    lease_until = serializers.DateTimeField(allow_null=True)
    adjudication = serializers.DictField(allow_null=True)


class HeartbeatIn(serializers.Serializer[Any]):
    active_s = serializers.FloatField(min_value=0, max_value=86400)


class HeartbeatOut(serializers.Serializer[Any]):
    active_reading_s = serializers.IntegerField()
    lease_until = serializers.DateTimeField()


class FlagIn(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=FLAG_CODES)
    text = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class FlagOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    code = serializers.CharField()
    created_at = serializers.DateTimeField()


class SubmitIn(serializers.Serializer[Any]):
    signature_meaning = serializers.CharField(max_length=200)
    rationale = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")


class SavedOut(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    acknowledged_at = serializers.DateTimeField()
    content_digest = serializers.CharField()


class RevisionOut(serializers.Serializer[Any]):
    revision = serializers.IntegerField(source="number")
    parent = serializers.IntegerField()
    saved_at = serializers.DateTimeField()
    content_digest = serializers.CharField()
    changed_slices = serializers.IntegerField()


class AnswersIn(serializers.Serializer[Any]):
    client_id = serializers.UUIDField()
    base_revision = serializers.IntegerField(min_value=0)
    values = serializers.DictField()
    nothing_found = serializers.BooleanField()
