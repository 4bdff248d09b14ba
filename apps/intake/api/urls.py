"""Addresses of the room."""

from django.urls import path

from apps.intake.api import views

urlpatterns = [
    path("api/v1/projects/<slug:slug>/deliveries", views.DeliveriesView.as_view()),
    path("api/v1/projects/<slug:slug>/holds", views.HoldsView.as_view()),
    path("api/v1/deliveries/<uuid:delivery_id>", views.DeliveryView.as_view()),
    path("api/v1/deliveries/<uuid:delivery_id>/content", views.DeliveryContentView.as_view()),
    path("api/v1/deliveries/<uuid:delivery_id>/missing", views.DeliveryMissingView.as_view()),
    path("api/v1/deliveries/<uuid:delivery_id>/complete", views.DeliveryCompleteView.as_view()),
    path("api/v1/deliveries/<uuid:delivery_id>/cancel", views.DeliveryCancelView.as_view()),
    path("api/v1/deliveries/<uuid:delivery_id>/files", views.DeliveryFilesView.as_view()),
    path("api/v1/incoming-files/<uuid:file_id>/decision", views.FileDecisionView.as_view()),
]
