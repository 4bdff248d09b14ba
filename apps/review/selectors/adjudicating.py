"""What an adjudicator is shown: the reads as A and B, without names, and where they disagree."""

from __future__ import annotations

import uuid
from typing import Any

from apps.review.constants import SHOWN_LABELS
from apps.review.models import Agreement, Discordance
from apps.tasks.domain.states import ReadState
from apps.tasks.selectors import read_by_id, read_get_for
from kernel.actors import Actor
from kernel.errors import NotFoundError


def adjudication_briefing(read: Any) -> dict[str, Any]:
    """The `adjudication` member of an adjudicator's read; the caller has opened the door to it."""
    return {
        "shown": [{"label": label} for label, _ in _shown(read)],
        "agreement": [
            {
                "class_number": row.class_number,
                "name": row.name,
                "metric": row.metric,
                "value": row.value,
                "limit": row.limit,
                "concordant": row.concordant,
            }
            for row in Agreement.objects.filter(case_id=read.case_id).order_by("class_number", "key")
        ],
    }


def shown_read_for(*, actor: Actor, read_id: uuid.UUID, label: str) -> Any:
    """The read shown as `label` beside the actor's own adjudication read.

    Raises `NotFoundError`, also for an adjudication that was put down: what is not in hand is not shown.
    """
    read = read_get_for(actor=actor, read_id=read_id)
    if read.kind != "adjudicate" or read.state not in (ReadState.DRAFT, ReadState.SIGNED):
        raise NotFoundError()
    shown = dict(_shown(read))
    if label not in shown:
        raise NotFoundError()
    return read_by_id(uuid.UUID(shown[label]))


def _shown(read: Any) -> list[tuple[str, str]]:
    """(label, read id) in the order that was fixed when the discordance opened."""
    discordance = Discordance.objects.filter(case_id=read.case_id).order_by("-created_at").first()
    return list(zip(SHOWN_LABELS, discordance.shown if discordance else [], strict=False))
