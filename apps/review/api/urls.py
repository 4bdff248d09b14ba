"""Addresses of the room."""

from django.urls import path

from apps.review.api import views

_READ = "api/v1/reads/<uuid:read_id>"

urlpatterns = [
    path("api/v1/projects/<slug:slug>/cases", views.CasesView.as_view()),
    path("api/v1/projects/<slug:slug>/overview", views.OverviewView.as_view()),
    path("api/v1/cases/<uuid:case_id>", views.CaseView.as_view()),
    path("api/v1/cases/<uuid:case_id>/review", views.CaseReviewView.as_view()),
    path("api/v1/cases/<uuid:case_id>/flags/<uuid:flag_id>/resolve", views.FlagResolveView.as_view()),
    path(f"{_READ}/shown/<str:label>/segmentations/<str:series_instance_uid>", views.ShownView.as_view()),
    path(f"{_READ}/adopt", views.AdoptView.as_view()),
]
