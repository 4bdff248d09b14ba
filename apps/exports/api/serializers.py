"""What the export and customer endpoints take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.exports.constants import ExportFormat, ExportState


class ExportIn(serializers.Serializer[Any]):
    format = serializers.ChoiceField(choices=ExportFormat.choices)


class ExportOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    format = serializers.ChoiceField(choices=ExportFormat.choices)
    state = serializers.ChoiceField(choices=ExportState.choices)
    options_digest = serializers.CharField()
    job_id = serializers.UUIDField(allow_null=True)
    artifact_count = serializers.IntegerField()
    bytes = serializers.IntegerField()
    content_digest = serializers.CharField()
    created_at = serializers.DateTimeField()


class ReleaseIn(serializers.Serializer[Any]):
    name = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")
    terms = serializers.CharField(max_length=20000)
    exports = serializers.ListField(child=serializers.UUIDField(), allow_empty=False)


class GrantIn(serializers.Serializer[Any]):
    email = serializers.EmailField()


class GrantPersonOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField()


class GrantOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    user = GrantPersonOut()
    created_at = serializers.DateTimeField()


class CustomerReleaseOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    dataset = serializers.CharField(source="dataset.slug")
    dataset_name = serializers.CharField(source="dataset.name")
    name = serializers.CharField()
    version_digest = serializers.CharField(source="version.digest")
    published_at = serializers.DateTimeField()


class ReleaseClassOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    name = serializers.CharField()


class ReleaseWhatOut(serializers.Serializer[Any]):
    cases = serializers.IntegerField()
    subjects = serializers.IntegerField()
    modalities = serializers.ListField(child=serializers.CharField())
    classes = ReleaseClassOut(many=True)
    splits = serializers.DictField(child=serializers.IntegerField())


class ReleaseHowOut(serializers.Serializer[Any]):
    readers = serializers.IntegerField()
    blinded = serializers.BooleanField()
    by_consensus = serializers.IntegerField()
    by_adjudication = serializers.IntegerField()


class ArtifactOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    format = serializers.CharField(source="export.format")
    path = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    url = serializers.SerializerMethodField()

    def get_url(self, artifact: Any) -> str:
        return f"{self.context.get('prefix', '')}/api/v1/artifacts/{artifact.pk}/content"


class ReleasePageOut(CustomerReleaseOut):
    what = ReleaseWhatOut()
    how_read = ReleaseHowOut()
    terms = serializers.CharField()
    signature = serializers.CharField()
    key_id = serializers.CharField()
    public_key = serializers.CharField()
    file_count = serializers.IntegerField()
    bytes = serializers.IntegerField()
    pull_command = serializers.CharField()
