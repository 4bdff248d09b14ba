"""Addresses of the room."""

from django.urls import path

from apps.datasets.api import views

urlpatterns = [
    path("api/v1/projects/<slug:slug>/datasets", views.ProjectDatasetsView.as_view()),
    path("api/v1/datasets", views.DatasetsView.as_view()),
    path("api/v1/datasets/<slug:slug>", views.DatasetView.as_view()),
    path("api/v1/datasets/<slug:slug>/versions", views.VersionsView.as_view()),
    path("api/v1/datasets/<slug:slug>/releases", views.DatasetReleasesView.as_view()),
    path("api/v1/dataset-versions/<slug:digest>", views.VersionView.as_view()),
    path("api/v1/dataset-versions/<slug:digest>/members", views.MembersView.as_view()),
    path("api/v1/dataset-versions/<slug:digest>/manifest", views.ManifestView.as_view()),
    path("api/v1/releases/<uuid:release_id>/publish", views.PublishView.as_view()),
    path("api/v1/releases/<uuid:release_id>/withdraw", views.WithdrawView.as_view()),
]
