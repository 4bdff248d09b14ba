"""Addresses of the room."""

from django.urls import path

from apps.tasks.api import saving_views, views

_READ = "api/v1/reads/<uuid:read_id>"
_SEGMENTATION = f"{_READ}/segmentations/<str:series_instance_uid>"

urlpatterns = [
    path("api/v1/worklist", views.WorklistView.as_view()),
    path("api/v1/worklist/claim-next", views.ClaimNextView.as_view()),
    path("api/v1/tasks/<uuid:task_id>/claim", views.TaskClaimView.as_view()),
    path(_READ, views.ReadView.as_view()),
    path(f"{_READ}/heartbeat", views.HeartbeatView.as_view()),
    path(f"{_READ}/release", views.ReleaseView.as_view()),
    path(f"{_READ}/flag", views.FlagView.as_view()),
    path(f"{_READ}/submit", views.SubmitView.as_view()),
    path(f"{_READ}/answers", saving_views.AnswersView.as_view()),
    path(_SEGMENTATION, saving_views.SegmentationView.as_view()),
    path(f"{_SEGMENTATION}/revisions", saving_views.RevisionsView.as_view()),
]
