"""Addresses of the room."""

from django.urls import path

from apps.studies.api import dicomweb_retrieve as retrieve
from apps.studies.api import dicomweb_search as search
from apps.studies.api import views

_ROOT = "dicomweb/v1/projects/<slug:slug>"
_STUDY = f"{_ROOT}/studies/<str:study_uid>"
_SERIES = f"{_STUDY}/series/<str:series_uid>"
_INSTANCE = f"{_SERIES}/instances/<str:sop_uid>"

urlpatterns = [
    path("api/v1/projects/<slug:slug>/studies", views.StudiesView.as_view()),
    path("api/v1/studies/<uuid:study_id>", views.StudyView.as_view()),
    path("api/v1/series/<uuid:series_id>", views.SeriesView.as_view()),
    path("api/v1/series/<uuid:series_id>/timeline", views.SeriesTimelineView.as_view()),
    path("api/v1/series/<uuid:series_id>/deidentification", views.SeriesDeidentificationView.as_view()),
    path("api/v1/subjects/<uuid:subject_id>/erase", views.SubjectEraseView.as_view()),
    path(f"{_ROOT}/studies", search.StudiesResource.as_view()),
    path(f"{_ROOT}/series", search.SeriesSearch.as_view()),
    path(f"{_ROOT}/instances", search.InstancesSearch.as_view()),
    path(_STUDY, retrieve.StudyResource.as_view()),
    path(f"{_STUDY}/metadata", search.StudyMetadata.as_view()),
    path(f"{_STUDY}/thumbnail", retrieve.ThumbnailRetrieve.as_view()),
    path(f"{_STUDY}/series", search.SeriesSearch.as_view()),
    path(f"{_STUDY}/instances", search.InstancesSearch.as_view()),
    path(_SERIES, retrieve.SeriesRetrieve.as_view()),
    path(f"{_SERIES}/metadata", search.SeriesMetadata.as_view()),
    path(f"{_SERIES}/thumbnail", retrieve.ThumbnailRetrieve.as_view()),
    path(f"{_SERIES}/instances", search.InstancesSearch.as_view()),
    path(_INSTANCE, retrieve.InstanceRetrieve.as_view()),
    path(f"{_INSTANCE}/metadata", search.InstanceMetadata.as_view()),
    path(f"{_INSTANCE}/thumbnail", retrieve.ThumbnailRetrieve.as_view()),
    path(f"{_INSTANCE}/rendered", retrieve.RenderedRetrieve.as_view()),
    path(f"{_INSTANCE}/bulkdata/<str:tag>", retrieve.BulkdataRetrieve.as_view()),
    path(f"{_INSTANCE}/frames/<str:frame_list>", retrieve.FramesRetrieve.as_view()),
    path(f"{_INSTANCE}/frames/<str:frame_list>/rendered", retrieve.RenderedRetrieve.as_view()),
]
