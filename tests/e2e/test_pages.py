"""Every page looked at: nothing axe calls a violation, no sideways scrolling, failures with words and a way back."""

from __future__ import annotations

import pytest

from tests.e2e.stack import AROUND_THE_NODULE, Journey, Organisation, Stack

pytestmark = [pytest.mark.xdist_group("browser")]

PAGES = {
    *("projects", "overview", "intake", "delivery", "people", "labels", "charter", "studies", "study", "review"),
    *("case", "datasets", "releases", "jobs", "settings", "owner-members", "owner-audit", "worklist"),
    *("overview-3840", "studies-3840", "review-3840", "jobs-3840"),
}


@pytest.fixture(scope="module")
def hospital(stack: Stack) -> Organisation:
    """An organisation with one admitted study."""
    return stack.organisation("hospital", "Hospital", slices=AROUND_THE_NODULE)


def test_every_page_opens_and_is_accessible(journey: Journey, hospital: Organisation) -> None:
    """At 1280×800, and the main ones at 3840×1600."""
    said = journey("pages.mjs", "all", organisation=hospital)
    assert said["problems"] == []
    assert set(said["seen"]) == PAGES
    assert said["axe"] == {}
    assert said["failed"] == {}
    assert said["wide"] == []


def test_a_failing_server_and_a_cut_line_have_words_and_a_way_back(journey: Journey, hospital: Organisation) -> None:
    """Error 500 on every list, and no network at all."""
    said = journey("pages.mjs", "failures", organisation=hospital)
    assert set(said["server"]) == {"studies", "review", "jobs", "datasets"}
    for words in said["server"].values():
        assert "This is our fault." in words
    assert set(said["back"].values()) == {True}
    assert said["offline"].startswith("The server cannot be reached.")


def test_a_case_is_read_and_signed_without_a_mouse(journey: Journey, hospital: Organisation) -> None:
    """Sign in, take the case, scroll, be told what is missing, say that nothing is there, sign."""
    said = journey("pages.mjs", "keyboard", organisation=hospital)
    assert said["problems"] == []
    assert said["reached"] == "row"
    assert "Before you can submit" in said["missing"]
    assert said["axe"] == []
    assert said["landed"].endswith("/worklist")
