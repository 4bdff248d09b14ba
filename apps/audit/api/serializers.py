"""The trail as the API gives it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class AuditActorOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    kind = serializers.CharField()


class AuditObjectOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField()


class AuditEventOut(serializers.Serializer[Any]):
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

    @extend_schema_field(AuditActorOut)
    def get_actor(self, event: Any) -> Any:
        person = getattr(event, "person", None)
        name = person.name if person else ("Fiducial" if event.actor_kind == "system" else "former member")
        return AuditActorOut({"id": event.actor_id, "name": name, "kind": event.actor_kind}).data

    @extend_schema_field(AuditObjectOut)
    def get_object(self, event: Any) -> Any:
        row = {"kind": event.object_kind, "id": event.object_id, "label": event.object_label}
        return AuditObjectOut(row).data


class CheckpointOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    size = serializers.IntegerField()
    root = serializers.CharField()
    sealed_at = serializers.DateTimeField()
    key_id = serializers.CharField()
    signature = serializers.CharField()


class VerdictOut(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    events = serializers.IntegerField()
    checkpoints = serializers.IntegerField()
    unsealed = serializers.IntegerField()
    problems = serializers.ListField(child=serializers.CharField())
