"""The worker: `celery -A config.celery worker`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("fiducial")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["kernel.jobs", "kernel.blobs"], related_name="celery_tasks")
app.autodiscover_tasks(related_name="jobs")


@worker_process_init.connect
def close_inherited_pool(**_: Any) -> None:
    """A pool open across fork would share its sockets with the parent."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        if hasattr(connection, "close_pool"):
            connection.close_pool()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Django's logging configuration stands; Celery must not replace it."""
