"""Studies as the API gives them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class SubjectRefOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    pseudonym = serializers.CharField()


class QualitySummaryOut(serializers.Serializer[Any]):
    worst = serializers.ChoiceField(choices=["ok", "info", "warning", "error", "critical"])
    count = serializers.IntegerField()


class StudyOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    study_instance_uid = serializers.CharField()
    subject = SubjectRefOut()
    study_date = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    modalities = serializers.ListField(child=serializers.CharField())
    series_count = serializers.IntegerField()
    instance_count = serializers.IntegerField()
    quality = QualitySummaryOut()
    created_at = serializers.DateTimeField()


class SeriesFindingOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    severity = serializers.CharField()
    title = serializers.CharField()
    consequence = serializers.CharField()
    remedy = serializers.CharField()
    affected_count = serializers.IntegerField()


class SeriesQualityOut(serializers.Serializer[Any]):
    worst = serializers.CharField()
    findings = SeriesFindingOut(many=True)


class SeriesOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    series_instance_uid = serializers.CharField()
    modality = serializers.CharField(allow_blank=True)
    number = serializers.IntegerField(allow_null=True)
    description = serializers.CharField(allow_blank=True)
    instance_count = serializers.IntegerField()
    rows = serializers.IntegerField()
    columns = serializers.IntegerField()
    spacing_mm = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    quality = SeriesQualityOut()
    thumbnail_url = serializers.CharField()


class StudyDetailOut(StudyOut):
    project = serializers.CharField()
    series = SeriesOut(many=True)


class SeriesDetailOut(SeriesOut):
    project = serializers.CharField()
    study_id = serializers.UUIDField()
    study_instance_uid = serializers.CharField()
    subject = SubjectRefOut()
    dicomweb_root = serializers.CharField()


class TagChangeOut(serializers.Serializer[Any]):
    tag = serializers.CharField()
    keyword = serializers.CharField()
    vr = serializers.CharField()
    action = serializers.CharField()
    reason = serializers.CharField()
    instances = serializers.IntegerField()


class DeidentificationOut(serializers.Serializer[Any]):
    policy = serializers.CharField()
    policy_digest = serializers.CharField()
    instances = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    changes = TagChangeOut(many=True)


class EraseIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)


class TimelineActorOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    kind = serializers.CharField()


class TimelineObjectOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField()


class TimelineEventOut(serializers.Serializer[Any]):
    """An event of the trail, as `AuditEventOut`."""

    id = serializers.UUIDField()
    recorded_at = serializers.DateTimeField()
    actor = serializers.SerializerMethodField()
    action = serializers.CharField()
    object = serializers.SerializerMethodField()
    subject_pseudonym = serializers.CharField(allow_null=True)
    outcome = serializers.CharField()
    source = serializers.CharField()
    request_id = serializers.CharField()
    details = serializers.JSONField()
    sealed = serializers.BooleanField(source="is_sealed")

    def get_actor(self, event: Any) -> TimelineActorOut:
        person = getattr(event, "person", None)
        name = person.name if person else ("Fiducial" if event.actor_kind == "system" else "former member")
        return TimelineActorOut({"id": event.actor_id, "name": name, "kind": event.actor_kind}).data  # type: ignore[return-value]  # names the schema

    def get_object(self, event: Any) -> TimelineObjectOut:
        row = {"kind": event.object_kind, "id": event.object_id, "label": event.object_label}
        return TimelineObjectOut(row).data  # type: ignore[return-value]  # names the schema
