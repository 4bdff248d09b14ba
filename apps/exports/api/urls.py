"""Addresses of the room."""

from django.urls import path

from apps.exports.api import views

urlpatterns = [
    path("api/v1/dataset-versions/<slug:digest>/exports", views.ExportsView.as_view()),
    path("api/v1/dataset-versions/<slug:digest>/releases", views.VersionReleasesView.as_view()),
    path("api/v1/exports/<uuid:export_id>/verify", views.ExportVerifyView.as_view()),
    path("api/v1/releases", views.CustomerReleasesView.as_view()),
    path("api/v1/releases/<uuid:release_id>/grants", views.GrantsView.as_view()),
    path("api/v1/releases/<uuid:release_id>/grants/<uuid:grant_id>", views.GrantView.as_view()),
    path("api/v1/releases/<slug:dataset>/<str:name>", views.CustomerReleaseView.as_view()),
    path("api/v1/releases/<slug:dataset>/<str:name>/artifacts", views.ReleaseArtifactsView.as_view()),
    path("api/v1/artifacts/<uuid:artifact_id>/content", views.ArtifactContentView.as_view()),
]
