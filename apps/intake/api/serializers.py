"""Deliveries and files as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.intake.domain.states import DeliveryState, FileState
from kernel.jobs.serializers import JobOut


class DeliveryIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    source = serializers.ChoiceField(choices=["browser", "api"], default="browser")
    files_expected = serializers.IntegerField(min_value=0, allow_null=True, required=False, default=None)


class DeliveryCountsOut(serializers.Serializer[Any]):
    received = serializers.IntegerField()
    held = serializers.IntegerField()
    admitted = serializers.IntegerField()
    refused = serializers.IntegerField()
    duplicate = serializers.IntegerField()


class DeliveryPersonOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()


class DeliveryOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    project = serializers.CharField()
    name = serializers.CharField()
    source = serializers.ChoiceField(choices=["browser", "api", "stow", "import"])
    state = serializers.ChoiceField(choices=[state.value for state in DeliveryState])
    files_expected = serializers.IntegerField(allow_null=True)
    files_received = serializers.IntegerField()
    bytes_received = serializers.IntegerField()
    by_state = DeliveryCountsOut()
    job = JobOut(allow_null=True)
    created_at = serializers.DateTimeField()
    created_by = DeliveryPersonOut()


class FileReasonOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    remedy = serializers.CharField(allow_blank=True)


class IncomingFileOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    state = serializers.ChoiceField(choices=[state.value for state in FileState])
    reason = serializers.SerializerMethodField()
    where = serializers.CharField()
    series_id = serializers.UUIDField(allow_null=True)
    received_at = serializers.DateTimeField(source="created_at")

    @extend_schema_field(FileReasonOut(allow_null=True))
    def get_reason(self, file: Any) -> Any:
        if not file.reason_code:
            return None
        row = {"code": file.reason_code, "title": file.reason_title, "remedy": file.reason_remedy}
        return FileReasonOut(row).data


class NamedFileIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=500)
    size = serializers.IntegerField(min_value=0)


class MissingIn(serializers.Serializer[Any]):
    files = serializers.ListField(child=NamedFileIn(), max_length=20_000)


class MissingOut(serializers.Serializer[Any]):
    missing = serializers.ListField(child=serializers.CharField())


class DecisionIn(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=["admit", "reject"])
    reason = serializers.CharField(max_length=200)


class HoldGroupOut(serializers.Serializer[Any]):
    reason = FileReasonOut()
    releasable = serializers.BooleanField()
    count = serializers.IntegerField()
    files = IncomingFileOut(many=True)


class HoldsOut(serializers.Serializer[Any]):
    results = HoldGroupOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)
