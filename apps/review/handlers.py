"""What the tasks room tells, and what this room adds to an adjudicator's page."""

from __future__ import annotations

from apps.review import selectors, services
from apps.tasks.domain.events import ReadSigned
from apps.tasks.selectors import register_briefing
from kernel.events import subscribe


def connect() -> None:
    """Subscribe, and register what adjudicators are shown; called once by the app's `ready`."""
    subscribe(ReadSigned, on_read_signed)
    register_briefing("adjudicate", selectors.adjudication_briefing)


def on_read_signed(event: ReadSigned) -> None:
    if event.stage_kind == "adjudicate":
        services.adjudication_settle(read_id=event.read_id)
    elif event.stage_kind == "read" and event.stage_complete:
        services.agreement_request(case_id=event.case_id, project_id=event.project_id)
