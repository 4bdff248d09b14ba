"""What the dataset endpoints take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.datasets.constants import ReleaseState


class DatasetIn(serializers.Serializer[Any]):
    slug = serializers.SlugField(max_length=60)
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(required=False, allow_blank=True, default="")


class DatasetProjectOut(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    colour = serializers.CharField()


class DatasetOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    project = DatasetProjectOut()
    created_at = serializers.DateTimeField()


class VersionIn(serializers.Serializer[Any]):
    message = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class SplitSizesOut(serializers.Serializer[Any]):
    train = serializers.IntegerField()
    validation = serializers.IntegerField()
    test = serializers.IntegerField()


class VersionOut(serializers.Serializer[Any]):
    digest = serializers.CharField()
    message = serializers.CharField()
    created_at = serializers.DateTimeField()
    member_count = serializers.IntegerField()
    subject_count = serializers.IntegerField()
    erased_count = serializers.IntegerField()
    parent = serializers.CharField(source="parent.digest", allow_null=True, default=None)
    splits = SplitSizesOut(source="split_sizes")
    releases = serializers.ListField(child=serializers.CharField(), source="release_names")


class DatasetMemberOut(serializers.Serializer[Any]):
    case_id = serializers.UUIDField()
    case = serializers.CharField(source="case_label")
    split = serializers.CharField(source="side")
    leaf_hash = serializers.CharField()
    erased_at = serializers.DateTimeField(allow_null=True)


class ReleaseOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    dataset = serializers.CharField(source="dataset.slug")
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=ReleaseState.choices)
    version_digest = serializers.CharField(source="version.digest")
    terms = serializers.CharField()
    signature = serializers.CharField()
    key_id = serializers.CharField()
    published_at = serializers.DateTimeField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
