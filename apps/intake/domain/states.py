"""The life of a file in quarantine: one enum, one table."""

from __future__ import annotations

from enum import StrEnum


class FileState(StrEnum):
    RECEIVED = "received"
    READ = "read"
    CHECKED = "checked"
    DEIDENTIFIED = "deidentified"
    HELD = "held"
    ADMITTED = "admitted"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    UNPACKED = "unpacked"


class DeliveryState(StrEnum):
    RECEIVING = "receiving"
    PROCESSING = "processing"
    DONE = "done"
    CANCELLED = "cancelled"


S = FileState

TRANSITIONS: dict[FileState, frozenset[FileState]] = {
    S.RECEIVED: frozenset({S.READ, S.HELD, S.REFUSED, S.DUPLICATE, S.UNPACKED}),
    S.READ: frozenset({S.CHECKED, S.HELD, S.REFUSED, S.DUPLICATE}),
    S.CHECKED: frozenset({S.DEIDENTIFIED, S.HELD, S.REFUSED, S.DUPLICATE}),
    S.DEIDENTIFIED: frozenset({S.ADMITTED, S.HELD, S.REFUSED, S.DUPLICATE}),
    # A person lets a held file go on from where it was read, or turns it away.
    S.HELD: frozenset({S.READ, S.REFUSED}),
    S.ADMITTED: frozenset(),
    S.REFUSED: frozenset(),
    S.DUPLICATE: frozenset(),
    S.UNPACKED: frozenset(),
}

OPEN = frozenset({S.RECEIVED, S.READ, S.CHECKED, S.DEIDENTIFIED})
"""What a job still has to work on."""

FINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)


def may_become(state: FileState, following: FileState) -> bool:
    """Whether the table has this transition."""
    return following in TRANSITIONS[state]
