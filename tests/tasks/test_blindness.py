"""Blind means blind: what reaches a reader is the same, byte for byte, whether or not another read exists."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from apps.projects.services.projects import role_grant
from kernel.jobs import live
from kernel.tenancy.scope import tenant_scope
from tests.tasks.panel import Page, Panel, box

pytestmark = pytest.mark.django_db

Step = Callable[[Panel], object]

OTHER_READS: dict[str, Step] = {
    "claimed": lambda panel: panel.ben.claim(),
    "drawn": lambda panel: panel.ben.draw(panel.ben.claim(), panel.series, box(0, 1, 1, 4)),
    "flagged": lambda panel: panel.ben.post(f"/api/v1/reads/{panel.ben.claim()}/flag", {"code": "other", "text": "!"}),
    "put down": lambda panel: panel.ben.post(f"/api/v1/reads/{panel.ben.claim()}/release"),
    "signed": lambda panel: panel.read(panel.ben, box(0, 1, 1, 4)),
}
TIMES = re.compile(rb'"lease_until":"[^"]*"|"saved_at":"[^"]*"')


def seen_by(page: Page, read_id: str | None) -> dict[str, bytes]:
    """Every body a reader's own pages ask for, the reader's own lease times left out."""
    paths = ["/api/v1/worklist", "/api/v1/worklist?state=open", "/api/v1/worklist?state=submitted", "/api/v1/projects"]
    if read_id is not None:
        paths.append(f"/api/v1/reads/{read_id}")
    bodies = {}
    for path in paths:
        response = page.get(path)
        assert response.status_code == 200, response.content
        bodies[path] = TIMES.sub(b"", response.content)
    return bodies


@pytest.mark.parametrize("name", OTHER_READS)
def test_a_reader_who_has_not_begun_sees_the_same(panel: Panel, name: str) -> None:
    before = seen_by(panel.anna, None)
    OTHER_READS[name](panel)
    assert seen_by(panel.anna, None) == before


@pytest.mark.parametrize("name", OTHER_READS)
def test_a_reader_in_the_middle_sees_the_same(panel: Panel, name: str) -> None:
    read_id = panel.anna.claim()
    panel.anna.draw(read_id, panel.series, box(1, 1, 1, 3))
    before = seen_by(panel.anna, read_id)
    OTHER_READS[name](panel)
    assert seen_by(panel.anna, read_id) == before


def test_a_reader_who_has_signed_sees_the_same_after_the_other_signed_and_after_the_case_is_settled(
    panel: Panel,
) -> None:
    read_id = panel.read(panel.anna, box(1, 2, 2, 8))
    before = seen_by(panel.anna, read_id)
    panel.read(panel.ben, box(1, 2, 7, 9))
    panel.run_jobs()
    assert seen_by(panel.anna, read_id) == before
    adjudication = panel.carl.claim()
    panel.carl.draw(adjudication, panel.series, box(1, 2, 2, 8))
    assert panel.carl.sign(adjudication, "So.").status_code == 200
    assert seen_by(panel.anna, read_id) == before


def test_the_answer_to_the_last_signature_is_that_to_the_first(panel: Panel) -> None:
    first_read, second_read = panel.anna.claim(), panel.ben.claim()
    for page, read_id in ((panel.anna, first_read), (panel.ben, second_read)):
        page.draw(read_id, panel.series, box(1, 1, 1, 3))
    first, second = panel.anna.sign(first_read), panel.ben.sign(second_read)
    alike = [
        TIMES.sub(b"", response.content).replace(read_id.encode(), b"")
        for response, read_id in ((first, first_read), (second, second_read))
    ]
    assert alike[0] == alike[1]
    assert json.loads(first.content)["adjudication"] is None


def test_no_live_message_tells_one_reader_of_another(
    panel: Panel, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(live, "broadcast", lambda tenant_id, message: sent.append(message))
    monkeypatch.setattr("kernel.jobs.transport.send", lambda *ids: None)
    with django_capture_on_commit_callbacks(execute=True):
        panel.read(panel.anna, box(1, 2, 2, 8))
        panel.read(panel.ben, box(1, 2, 7, 9))
        panel.run_jobs()
    for page in (panel.anna, panel.ben):
        # Without a user a message needs the right to see cases, which no reader has.
        mine = [m for m in sent if m.get("user_id") == str(page.actor.user.pk)]
        assert (
            mine == [{"type": "worklist", "user_id": str(page.actor.user.pk)}] * 2
        )  # taken and handed in, by themselves
    assert all(m.get("project_id") == str(panel.project.pk) for m in sent if "user_id" not in m)
    assert [m["type"] for m in sent if m.get("user_id") == str(panel.carl.actor.user.pk)] == ["worklist"]


def test_a_job_of_the_case_is_in_nobodys_name(panel: Panel) -> None:
    panel.read(panel.anna, box(1, 2, 2, 8))
    panel.read(panel.ben, box(1, 2, 7, 9))
    assert json.loads(panel.ben.get("/api/v1/jobs").content)["results"] == []


def test_whoever_reads_sees_no_case_before_it_is_settled_whatever_else_they_are(panel: Panel) -> None:
    with tenant_scope(panel.world.id):
        role_grant(actor=panel.world.owner, project=panel.project, user_id=panel.anna.actor.user.pk, role="manager")
    panel.read(panel.ben, box(1, 2, 2, 8))
    assert json.loads(panel.anna.get("/api/v1/projects/lung/cases").content)["results"] == []
    case_id = panel.case()["id"]
    assert panel.anna.get(f"/api/v1/cases/{case_id}").status_code == 404
    overview = json.loads(panel.anna.get("/api/v1/projects/lung/overview").content)
    assert overview["cases"]["by_state"]["waiting"] == 1
    assert (overview["pace"], overview["agreement"]) == ([], [])
    panel.read(panel.anna, box(1, 2, 2, 8))
    panel.run_jobs()
    assert json.loads(panel.anna.get(f"/api/v1/cases/{case_id}").content)["state"] == "settled"
