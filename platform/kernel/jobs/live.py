"""Live messages to the browsers of a tenant, over Channels. They may be lost; the page asks again when it reconnects."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from kernel.jobs.models import Job

_log = logging.getLogger(__name__)


def group_name(tenant_id: uuid.UUID) -> str:
    """The Channels group every open page of a tenant's members listens to."""
    return f"tenant.{tenant_id}"


def broadcast(tenant_id: uuid.UUID, message: dict[str, Any]) -> None:
    """Tell the open pages of a tenant. `message` holds a type and ids, never content: what a page may see it must ask."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group_name(tenant_id), {"type": "live.message", "message": message})
    except OSError:
        _log.warning("live channel is away", extra={"message_type": message.get("type")})
    except Exception:  # redis raises its own hierarchy; a lost live message is never an error of the act
        _log.warning("live message lost", extra={"message_type": message.get("type")})


def broadcast_on_commit(tenant_id: uuid.UUID, message: dict[str, Any]) -> None:
    """`broadcast` once the running transaction has committed."""
    transaction.on_commit(lambda: broadcast(tenant_id, message))


def job_changed_on_commit(job: Job) -> None:
    """Tell the pages that a job moved."""
    message = {
        "type": "job",
        "job_id": str(job.pk),
        "project_id": str(job.project_id) if job.project_id else None,
        "state": str(job.state),
        "progress": {"done": job.progress_done, "total": job.progress_total, "unit": job.progress_unit},
    }
    broadcast_on_commit(job.tenant_id, message)
