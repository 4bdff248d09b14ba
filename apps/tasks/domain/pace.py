"""Measured reading time: what of the time between two heartbeats was reading."""

from __future__ import annotations

import datetime as dt

HEARTBEAT_EVERY_S = 15
LONGEST_GAP_S = 30.0
"""A silence longer than this was not reading: the tab slept, the network was away, the reader left."""


def counted_s(*, previous: dt.datetime | None, now: dt.datetime, claimed_s: float) -> float:
    """Seconds of active reading to add at a heartbeat.

    The server's clock bounds what the browser says: never more than the time since the heartbeat before, never for a
    gap over `LONGEST_GAP_S`, and nothing for the first heartbeat, before which nobody looked. `claimed_s` is the
    browser's own count since then, its idle time left out.
    """
    if previous is None:
        return 0.0
    gap_s = (now - previous).total_seconds()
    if not 0 < gap_s <= LONGEST_GAP_S:
        return 0.0
    return min(max(claimed_s, 0.0), gap_s)
