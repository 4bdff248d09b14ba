"""Writing down who looked at what: every series opened, every instance taken away."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence

from django.db import transaction

from apps.audit.services import event_record, events_record
from apps.studies.constants import ACTION_LISTED, ACTION_OPENED, ACTION_RETRIEVED, OPEN_WINDOW_S
from apps.studies.models import Instance, Series, Study
from kernel.actors import Actor

_Opening = tuple[uuid.UUID, uuid.UUID | None, uuid.UUID | None, uuid.UUID, str]
_open: dict[_Opening, float] = {}
_lock = threading.Lock()
_CAPACITY = 20_000


def series_opened(*, actor: Actor, series: Series, study: Study, via: str) -> None:
    """Record that the actor reads a series now: one event for each person, series and way in 15 minutes.

    `via` is pixels, rendered or metadata. The event is in the transaction that sends the bytes.
    """
    opening = (actor.tenant_id, actor.user_id, actor.token_id, series.pk, via)
    now = time.monotonic()
    with _lock:
        if _open.get(opening, 0.0) > now:
            return
    event_record(
        actor=actor,
        action=ACTION_OPENED,
        object_kind="series",
        object_id=series.pk,
        subject_pseudonym=study.subject.pseudonym,
        details={"via": via, "window_s": OPEN_WINDOW_S},
    )
    # Only what is committed silences the next ones.
    transaction.on_commit(lambda: _remember(opening, now + OPEN_WINDOW_S))


def instances_retrieved(*, actor: Actor, study: Study, instances: Sequence[Instance]) -> None:
    """Record each instance whose whole file is sent."""
    rows = [
        {
            "action": ACTION_RETRIEVED,
            "object_kind": "instance",
            "object_id": instance.pk,
            "subject_pseudonym": study.subject.pseudonym,
            "details": {"series_id": str(instance.series_id)},
        }
        for instance in instances
    ]
    events_record(actor=actor, rows=rows)


def studies_listed(*, actor: Actor, project_id: uuid.UUID, count: int) -> None:
    """Record that a list with attributes of studies was sent."""
    event_record(
        actor=actor,
        action=ACTION_LISTED,
        object_kind="project",
        object_id=project_id,
        details={"rows": count},
    )


def _remember(opening: _Opening, until: float) -> None:
    with _lock:
        if len(_open) >= _CAPACITY:
            _open.clear()
        _open[opening] = until
