"""The workstation in a real browser on a real platform: drawing, saving, losing the network, two windows, adjudication.

The tests of this file follow one case from its first read to its adjudication: they run in the order written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.stack import AROUND_THE_NODULE, Journey, Organisation, Stack

pytestmark = [pytest.mark.xdist_group("browser")]

Drive = Callable[..., Any]


@pytest.fixture(scope="module")
def organisation(stack: Stack) -> Organisation:
    """One organisation with the part of the real CT that holds the nodule."""
    return stack.organisation("viewer", "Viewer Group", slices=AROUND_THE_NODULE)


@pytest.fixture(scope="module")
def drive(journey: Journey, organisation: Organisation) -> Drive:
    """`drive("name", **facts)` runs one journey of this folder in that organisation."""
    return lambda name, **facts: journey("viewer/journeys.mjs", name, organisation=organisation, **facts)


@pytest.mark.parametrize("render", ["cpu", "webgl"])
def test_a_reader_draws_on_the_stack_and_on_another_plane_and_a_reload_loses_nothing(drive: Drive, render: str) -> None:
    """Scroll, window, brush, undo, redo, eraser, sagittal brush, reload; on both renderers."""
    said = drive("reading", render=render)
    assert said["problems"] == []
    assert said["axe"] == []
    assert said["window"].split("\n")[-1] == "1,500 / -600"
    assert said["start"]["slices"] == "40"
    assert said["erased"] < said["drawn"]
    assert said["planes"] > said["erased"]
    assert said["saved"]["state"] == "saved"
    assert said["reloaded"]["1"] == said["planes"]


def test_what_is_drawn_without_the_server_outlives_the_tab_and_arrives_once(drive: Drive) -> None:
    """The journal holds it, the next page recovers it, the server names one new revision for it."""
    said = drive("offline")
    assert said["problems"] == []
    assert said["axe"] == []
    assert said["kept"]["state"] == "kept"
    assert said["recovered"] == said["drawn"]
    assert said["saved"] == {"state": "saved", "revision": said["kept"]["revision"] + 1}
    assert said["reloaded"] == said["drawn"]


def test_a_stale_save_is_a_conflict_and_overwrites_nothing(drive: Drive) -> None:
    """The second window is told, shows the saved drawing when asked, and then saves on top of it."""
    said = drive("conflict")
    assert said["problems"] == []
    assert said["axe"] == []
    assert said["mine"]["1"] > said["theirs"]["1"]


@pytest.mark.parametrize(("who", "draw"), [("reader1", None), ("reader2", [[0.3, 0.3], [0.4, 0.3]])])
def test_one_key_signs_the_read_and_opens_what_is_next(
    drive: Drive, organisation: Organisation, who: str, draw: Any
) -> None:
    """With no further case open that is the worklist."""
    said = drive("submitting", who=who, draw=draw)
    assert said["problems"] == []
    assert said["axe"] == []
    assert said["now"] == f"/t/{organisation.slug}/worklist"


def test_the_adjudicator_sees_both_reads_and_settles_the_case(drive: Drive) -> None:
    """A by slice, B as a whole, a reason, and the signature."""
    said = drive("adjudicating")
    assert said["problems"] == []
    assert said["axe"] == []
    assert said["items"], "two different drawings have disagreements"
    assert said["adopted"] != said["slice"]


def test_every_room_is_accessible_in_both_languages_themes_and_at_double_zoom(drive: Drive) -> None:
    """axe finds nothing and no page scrolls sideways."""
    said = drive("rooms")
    assert said["problems"] == []
    assert said["axe"] == []
    assert said["overflow"] == []
    assert said["rooms"] == 15
