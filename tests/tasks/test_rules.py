"""State tables, reading time and completeness: pure rules."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import pytest

from apps.projects.domain.definitions import schema_from_json
from apps.tasks.domain.completeness import missing_of
from apps.tasks.domain.pace import counted_s
from apps.tasks.domain.states import (
    CASE_MOVES,
    READ_MOVES,
    TASK_MOVES,
    CaseState,
    IllegalMoveError,
    ReadState,
    TaskState,
    moved,
)
from tests.world import SCHEMA

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("table", [CASE_MOVES, TASK_MOVES, READ_MOVES])
def test_every_state_has_a_row_and_no_state_leads_to_itself(table: dict[StrEnum, frozenset[StrEnum]]) -> None:
    states = set(type(next(iter(table))))
    assert set(table) == states
    assert all(state not in reached and reached <= states for state, reached in table.items())


def test_signed_reads_and_handed_in_tasks_never_open_again() -> None:
    for wanted in set(ReadState) - {ReadState.SUPERSEDED}:
        with pytest.raises(IllegalMoveError):
            moved(READ_MOVES, ReadState.SIGNED, wanted)
    for state in set(TaskState) - {TaskState.DONE}:
        with pytest.raises(IllegalMoveError):
            moved(TASK_MOVES, TaskState.SUBMITTED, state)
    assert moved(CASE_MOVES, CaseState.SETTLED, CaseState.DISCORDANT) is CaseState.DISCORDANT


@pytest.mark.parametrize(
    ("gap_s", "claimed_s", "counted"),
    [
        (15, 15, 15),
        (15, 4, 4),  # the reader was idle for 11 of them
        (15, 3600, 15),  # no browser reads faster than the clock
        (30, 30, 30),
        (30.001, 30, 0),  # a silence that long was not reading
        (0, 10, 0),
        (-5, 10, 0),
        (15, -3, 0),
    ],
)
def test_the_server_clock_bounds_what_the_browser_claims(gap_s: float, claimed_s: float, counted: float) -> None:
    assert counted_s(previous=NOON, now=NOON + dt.timedelta(seconds=gap_s), claimed_s=claimed_s) == counted


def test_the_first_heartbeat_counts_nothing() -> None:
    assert counted_s(previous=None, now=NOON, claimed_s=15) == 0


QUESTION = {"key": "q", "text": "Sure?", "kind": "boolean", "required": True}
REQUIRED = schema_from_json(
    {
        "classes": [SCHEMA["classes"][0], SCHEMA["classes"][0] | {"number": 2, "name": "Vessel", "required": True}],
        "questions": [QUESTION],
    }
)


@pytest.mark.parametrize(
    ("drawn", "values", "nothing_found", "missing"),
    [
        ({1, 2}, {"q": False}, False, []),
        (set(), {"q": True}, True, []),
        (set(), {"q": True}, False, [("/segmentations", "nothing-drawn")]),
        ({1}, {"q": True}, False, [("/classes/2", "required-class")]),
        ({2}, {}, False, [("/answers/q", "required-question")]),
        ({2}, {"q": True}, True, [("/nothing_found", "contradiction")]),
        (set(), {}, True, [("/answers/q", "required-question")]),
    ],
)
def test_what_is_missing_is_pointed_at(
    drawn: set[int], values: dict, nothing_found: bool, missing: list[tuple[str, str]]
) -> None:
    found = missing_of(REQUIRED, drawn, values, nothing_found)
    assert [(m.pointer, m.code) for m in found] == missing


def test_a_schema_of_questions_needs_no_drawing() -> None:
    schema = schema_from_json({"classes": [], "questions": [QUESTION]})
    assert missing_of(schema, set(), {"q": True}, False) == []
