"""Every address. The tenant prefix /t/<slug> is taken off before these are matched (`apps.tenants.middleware`)."""

from __future__ import annotations

import importlib.util

from django.apps import apps as registry
from django.urls import URLPattern, URLResolver, include, path, re_path

from config import health, pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz/live", health.live),
    path("healthz/ready", health.ready),
    path("metrics", health.metrics),
]

for _app in registry.get_app_configs():
    if _app.name.startswith("apps.") and importlib.util.find_spec(f"{_app.name}.api.urls"):
        urlpatterns.append(path("", include(f"{_app.name}.api.urls")))

urlpatterns += [
    re_path(r"^(?:api|dicomweb|static)/", pages.absent),
    re_path(r"^", pages.page),
]
