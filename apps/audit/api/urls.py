"""Addresses of the room."""

from django.urls import path

from apps.audit.api import views

urlpatterns = [
    path("api/v1/audit/events", views.EventsView.as_view()),
    path("api/v1/audit/checkpoints", views.CheckpointsView.as_view()),
    path("api/v1/audit/verify", views.VerifyView.as_view()),
]
