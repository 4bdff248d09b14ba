"""The trail of rooms that lie below: what they say they did is written in their transaction."""

from __future__ import annotations

from apps.audit import services
from kernel.acts import Act
from kernel.events import subscribe


def connect() -> None:
    """Subscribe; called once by the app's `ready`."""
    subscribe(Act, on_act)


def on_act(act: Act) -> None:
    services.act_record(act)
