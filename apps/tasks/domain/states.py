"""How cases, tasks, assignments and reads move: an enum and one transition table each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class CaseState(StrEnum):
    """A case from its study's admission to its reference standard."""

    WAITING = "waiting"
    READING = "reading"
    DISCORDANT = "discordant"
    ADJUDICATING = "adjudicating"
    SETTLED = "settled"


class TaskState(StrEnum):
    """One place for one reader in one stage of one case."""

    WAITING = "waiting"
    OPEN = "open"
    CLAIMED = "claimed"
    SUBMITTED = "submitted"
    DONE = "done"
    RECALLED = "recalled"


class ReadState(StrEnum):
    """What one reader makes of one case. RELEASED: put down, its work kept for the same reader."""

    DRAFT = "draft"
    SIGNED = "signed"
    SUPERSEDED = "superseded"
    RELEASED = "released"


class AssignmentEnd(StrEnum):
    """Why a reader no longer holds a task."""

    SUBMITTED = "submitted"
    RELEASED = "released"
    EXPIRED = "expired"
    RECALLED = "recalled"


C, T, R = CaseState, TaskState, ReadState

CASE_MOVES: Mapping[CaseState, frozenset[CaseState]] = {
    C.WAITING: frozenset({C.READING}),
    C.READING: frozenset({C.WAITING, C.DISCORDANT, C.SETTLED}),
    C.DISCORDANT: frozenset({C.ADJUDICATING}),
    C.ADJUDICATING: frozenset({C.DISCORDANT, C.SETTLED}),
    # A reviewer may return a settled case: the disagreement is open again.
    C.SETTLED: frozenset({C.DISCORDANT}),
}

TASK_MOVES: Mapping[TaskState, frozenset[TaskState]] = {
    T.WAITING: frozenset({T.OPEN, T.RECALLED}),
    T.OPEN: frozenset({T.CLAIMED, T.RECALLED}),
    T.CLAIMED: frozenset({T.OPEN, T.SUBMITTED, T.RECALLED}),
    T.SUBMITTED: frozenset({T.DONE}),
    T.DONE: frozenset(),
    T.RECALLED: frozenset(),
}

READ_MOVES: Mapping[ReadState, frozenset[ReadState]] = {
    R.DRAFT: frozenset({R.SIGNED, R.RELEASED}),
    R.RELEASED: frozenset({R.DRAFT}),
    R.SIGNED: frozenset({R.SUPERSEDED}),
    R.SUPERSEDED: frozenset(),
}

State = TypeVar("State", bound=StrEnum)


class IllegalMoveError(ValueError):
    """A transition that the table does not have: a mistake in the program."""


def moved(moves: Mapping[State, frozenset[State]], present: State, wanted: State) -> State:
    """`wanted`, if the table leads there from `present`; staying is no move. Raises `IllegalMoveError`."""
    if wanted not in moves[present]:
        raise IllegalMoveError(f"{present} does not lead to {wanted}")
    return wanted
