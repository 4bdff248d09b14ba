"""A job as the API gives it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kernel.jobs.models import Job, JobState
from kernel.jobs.registry import UnknownJobError, definition


class ProgressOut(serializers.Serializer[Any]):
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    unit = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class JobErrorOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()
    remedy = serializers.CharField()


class JobSubjectOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)


class JobOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    title = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=JobState.choices)
    progress = serializers.SerializerMethodField()
    attempts = serializers.IntegerField()
    error = serializers.SerializerMethodField()
    subject = serializers.SerializerMethodField()
    project_id = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    can_cancel = serializers.SerializerMethodField()
    can_retry = serializers.SerializerMethodField()

    def get_title(self, job: Job) -> str:
        try:
            return definition(job.name).title
        except UnknownJobError:
            return job.name

    @extend_schema_field(ProgressOut)
    def get_progress(self, job: Job) -> Any:
        return ProgressOut(
            {
                "done": job.progress_done,
                "total": job.progress_total,
                "unit": job.progress_unit,
                "message": job.progress_message,
            }
        ).data

    @extend_schema_field(JobErrorOut(allow_null=True))
    def get_error(self, job: Job) -> Any:
        if not job.error_code:
            return None
        return JobErrorOut({"code": job.error_code, "detail": job.error_detail, "remedy": job.error_remedy}).data

    @extend_schema_field(JobSubjectOut(allow_null=True))
    def get_subject(self, job: Job) -> Any:
        if not job.subject_kind:
            return None
        return JobSubjectOut({"kind": job.subject_kind, "id": job.subject_id}).data

    def get_can_cancel(self, job: Job) -> bool:
        return job.state in {JobState.QUEUED, JobState.RUNNING} and job.cancel_requested_at is None

    def get_can_retry(self, job: Job) -> bool:
        return job.state in {JobState.FAILED, JobState.CANCELLED}
