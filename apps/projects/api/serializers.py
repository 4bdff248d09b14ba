"""What the project endpoints take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.projects.constants import ProjectRole, ProjectState


class CountsOut(serializers.Serializer[Any]):
    studies = serializers.IntegerField()
    cases = serializers.IntegerField()
    cases_settled = serializers.IntegerField()


class ProjectOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    state = serializers.ChoiceField(choices=ProjectState.choices)
    colour = serializers.CharField()
    my_roles = serializers.ListField(child=serializers.CharField())
    deidentification_policy = serializers.CharField()
    counts = CountsOut(allow_null=True)
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class ProjectIn(serializers.Serializer[Any]):
    slug = serializers.SlugField(max_length=60)
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(required=False, allow_blank=True, default="")
    colour = serializers.RegexField(r"^#[0-9a-f]{6}$", required=False, default="#4f8cc9")
    policy = serializers.CharField(max_length=60, required=False, default="basic")


class ProjectChangeIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(required=False, allow_blank=True)
    state = serializers.ChoiceField(choices=ProjectState.choices, required=False)
    colour = serializers.RegexField(r"^#[0-9a-f]{6}$", required=False)
    deidentification_policy = serializers.CharField(max_length=60, required=False)


class ConceptField(serializers.Serializer[Any]):
    value = serializers.CharField()
    scheme_designator = serializers.CharField()
    meaning = serializers.CharField()


class LabelClassField(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    name = serializers.CharField()
    colour = serializers.CharField()
    category = ConceptField()
    type = ConceptField()
    anatomic_region = ConceptField(allow_null=True, required=False)
    laterality = ConceptField(allow_null=True, required=False)
    required = serializers.BooleanField(required=False)
    geometry_kinds = serializers.ListField(child=serializers.CharField(), required=False)


class ChoiceField(serializers.Serializer[Any]):
    key = serializers.CharField()
    text = serializers.CharField()
    concept = ConceptField(allow_null=True, required=False)


class QuestionField(serializers.Serializer[Any]):
    key = serializers.CharField()
    text = serializers.CharField()
    kind = serializers.CharField()
    level = serializers.CharField(required=False)
    required = serializers.BooleanField(required=False)
    choices = ChoiceField(many=True, required=False)


class LabelSchemaIn(serializers.Serializer[Any]):
    classes = LabelClassField(many=True)
    questions = QuestionField(many=True, required=False)


class LabelSchemaOut(LabelSchemaIn):
    version = serializers.IntegerField()


class StageField(serializers.Serializer[Any]):
    key = serializers.CharField()
    kind = serializers.CharField()
    readers = serializers.IntegerField(required=False)
    blinded = serializers.BooleanField(required=False)
    lease_s = serializers.IntegerField(required=False)


class AgreementRuleField(serializers.Serializer[Any]):
    metric = serializers.CharField()
    threshold = serializers.FloatField()


class ConsensusRuleField(serializers.Serializer[Any]):
    algorithm = serializers.CharField()


class CharterIn(serializers.Serializer[Any]):
    task_sentence = serializers.CharField()
    stages = StageField(many=True)
    agreement = AgreementRuleField()
    consensus = ConsensusRuleField()
    rationale_required = serializers.BooleanField(required=False)
    sample_review = serializers.FloatField(required=False)


class CharterOut(CharterIn):
    version = serializers.IntegerField()


class MemberPersonOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField()


class RoleGrantOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    user = MemberPersonOut()
    role = serializers.CharField()
    created_at = serializers.DateTimeField()


class RoleGrantIn(serializers.Serializer[Any]):
    user_id = serializers.UUIDField(required=False)
    email = serializers.EmailField(required=False)
    role = serializers.ChoiceField(choices=ProjectRole.choices)


class TenantOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    region = serializers.CharField()
    role = serializers.CharField()
    rooms = serializers.ListField(child=serializers.CharField())
