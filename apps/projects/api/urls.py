"""Addresses of the room."""

from django.urls import path

from apps.projects.api import job_views, views

urlpatterns = [
    path("api/v1/tenant", views.TenantDetailView.as_view()),
    path("api/v1/projects", views.ProjectsView.as_view()),
    path("api/v1/projects/<slug:slug>", views.ProjectView.as_view()),
    path("api/v1/projects/<slug:slug>/label-schema", views.LabelSchemaView.as_view()),
    path("api/v1/projects/<slug:slug>/charter", views.CharterView.as_view()),
    path("api/v1/projects/<slug:slug>/roles", views.RolesView.as_view()),
    path("api/v1/projects/<slug:slug>/roles/<uuid:grant_id>", views.RoleView.as_view()),
    path("api/v1/jobs", job_views.JobsView.as_view()),
    path("api/v1/jobs/<uuid:job_id>", job_views.JobView.as_view()),
    path("api/v1/jobs/<uuid:job_id>/cancel", job_views.JobCancelView.as_view()),
    path("api/v1/jobs/<uuid:job_id>/retry", job_views.JobRetryView.as_view()),
]
