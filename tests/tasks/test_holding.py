"""Who holds what: places, leases, pixels, and what each role may do."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.projects.models import RoleGrant
from apps.projects.services.definitions import charter_set
from apps.projects.services.projects import project_change, role_grant, role_revoke
from apps.studies.models import Study
from apps.studies.selectors import study_get_for
from apps.tasks.domain.states import ReadState, TaskState
from apps.tasks.models import Assignment, Case, Read, Task, WorkInterval
from apps.tasks.services import cases_open, leases_expire
from apps.tenants.services.tokens import token_create
from kernel.errors import NotFoundError
from kernel.tenancy.scope import tenant_scope
from tests.tasks.panel import Page, Panel, box, study_admit, submission
from tests.world import CHARTER, TenantWorld

pytestmark = pytest.mark.django_db


def opens_pixels(panel: Panel, page: Page) -> bool:
    """Whether the studies room lets this person open the study now."""
    with tenant_scope(panel.world.id):
        study = Study.objects.get()
        try:
            study_get_for(actor=page.actor, study_id=study.pk)
        except NotFoundError:
            return False
        return True


def test_pixels_open_while_the_case_is_in_hand_and_not_a_moment_longer(panel: Panel) -> None:
    assert not opens_pixels(panel, panel.anna)
    read_id = panel.anna.claim()
    assert opens_pixels(panel, panel.anna)
    assert not opens_pixels(panel, panel.ben)
    with tenant_scope(panel.world.id):
        Assignment.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert not opens_pixels(panel, panel.anna)
    assert panel.anna.post(f"/api/v1/reads/{read_id}/heartbeat", {"active_s": 1}).status_code == 200
    assert opens_pixels(panel, panel.anna)
    panel.anna.draw(read_id, panel.series, box(1, 1, 1, 3))
    assert panel.anna.sign(read_id).status_code == 200
    assert not opens_pixels(panel, panel.anna)


def test_pixels_close_with_the_role(panel: Panel) -> None:
    panel.anna.claim()
    with tenant_scope(panel.world.id):
        grant = RoleGrant.objects.get(user_id=panel.anna.actor.user.pk)
        role_revoke(actor=panel.world.owner, project=panel.project, grant_id=grant.pk)
    assert not opens_pixels(panel, panel.anna)


def test_work_that_was_put_down_waits_for_its_reader(panel: Panel) -> None:
    read_id = panel.anna.claim()
    panel.anna.draw(read_id, panel.series, box(1, 1, 1, 3))
    assert panel.anna.post(f"/api/v1/reads/{read_id}/release").status_code == 204
    assert not opens_pixels(panel, panel.anna)
    late = submission(panel.series, box(2, 2, 1, 3), base_revision=1)
    refused = panel.anna.save_raw(read_id, panel.series, late)
    assert (refused.status_code, json.loads(refused.content)["code"]) == (409, "read-not-writable")

    assert panel.anna.claim() == read_id
    saved = panel.anna.draw(read_id, panel.series, box(2, 2, 1, 3), base_revision=1)
    assert saved["revision"] == 2


def test_a_lease_that_ended_is_taken_back_and_the_work_kept(panel: Panel) -> None:
    read_id = panel.anna.claim()
    panel.anna.draw(read_id, panel.series, box(1, 1, 1, 3))
    assert leases_expire() == 0
    later = timezone.now() + dt.timedelta(seconds=3601)
    assert leases_expire(now=later) == 1
    assert leases_expire(now=later) == 0
    with tenant_scope(panel.world.id):
        assert Read.objects.get(pk=read_id).state == ReadState.RELEASED
        assert Case.objects.get().state == "waiting"
        event = AuditEvent.objects.get(action="tasks.read.expired")
        assert (event.actor_kind, str(event.object_id)) == ("system", read_id)
    assert panel.anna.post(f"/api/v1/reads/{read_id}/heartbeat", {"active_s": 1}).status_code == 409
    assert panel.anna.claim() == read_id


def test_nobody_adjudicates_what_they_read(panel: Panel) -> None:
    with tenant_scope(panel.world.id):
        role_grant(actor=panel.world.owner, project=panel.project, user_id=panel.anna.actor.user.pk, role="adjudicator")
    panel.read(panel.anna, box(1, 2, 2, 8))
    panel.read(panel.ben, box(1, 2, 7, 9))
    panel.run_jobs()
    refused = panel.anna.post("/api/v1/worklist/claim-next", {})
    assert (refused.status_code, json.loads(refused.content)["code"]) == (404, "nothing-to-read")
    (row,) = panel.carl.worklist()["results"]
    assert panel.anna.post(f"/api/v1/tasks/{row['task_id']}/claim").status_code == 404
    assert panel.carl.post(f"/api/v1/tasks/{row['task_id']}/claim").status_code == 201


def test_one_reader_gets_one_place_of_a_case(panel: Panel) -> None:
    (row,) = panel.anna.worklist()["results"]
    claims = [panel.anna.post(f"/api/v1/tasks/{row['task_id']}/claim") for _ in range(2)]
    assert [c.status_code for c in claims] == [201, 201]
    assert claims[0].content == claims[1].content
    with tenant_scope(panel.world.id):
        assert Task.objects.filter(state=TaskState.CLAIMED).count() == 1
    assert panel.anna.post("/api/v1/worklist/claim-next", {}).status_code == 404


def test_a_third_reader_finds_every_place_taken(panel: Panel) -> None:
    dora = panel.world.member()
    with tenant_scope(panel.world.id):
        role_grant(actor=panel.world.owner, project=panel.project, user_id=dora.user.pk, role="reader")
    page = Page(panel.world, dora)
    (row,) = page.worklist()["results"]
    panel.anna.claim()
    panel.ben.claim()
    refused = page.post(f"/api/v1/tasks/{row['task_id']}/claim")
    assert (refused.status_code, json.loads(refused.content)["code"]) == (409, "already-claimed")
    assert page.worklist()["results"] == []


def test_cases_come_by_priority_then_due_time_then_age(panel: Panel) -> None:
    study_admit(panel.world, panel.project)
    study_admit(panel.world, panel.project)
    study_admit(panel.world, panel.project)
    with tenant_scope(panel.world.id):
        Case.objects.filter(number=4).update(priority=5)
        Case.objects.filter(number=3).update(due_at=timezone.now())
    labels = [row["case"]["label"] for row in panel.anna.worklist()["results"]]
    assert labels == ["Case 0004", "Case 0003", "Case 0001", "Case 0002"]
    claimed = [panel.anna.read(panel.anna.claim())["case"]["label"] for _ in range(4)]
    assert claimed == labels


def test_the_worklist_pages_and_costs_the_same_for_one_and_for_many(panel: Panel) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            panel.anna.worklist()
        return len(captured)

    queries()
    one = queries()
    for _ in range(3):
        study_admit(panel.world, panel.project)
    assert queries() == one
    first = panel.anna.worklist("?page_size=3")
    second = panel.anna.worklist(f"?page_size=3&cursor={first['next']}")
    labels = [row["case"]["label"] for row in first["results"] + second["results"]]
    assert labels == [f"Case {n:04d}" for n in range(1, 5)]
    assert second["next"] is None


def test_a_closed_project_gives_nothing_new_and_keeps_what_is_in_hand(panel: Panel) -> None:
    read_id = panel.anna.claim()
    with tenant_scope(panel.world.id):
        project_change(actor=panel.world.owner, slug="lung", changes={"state": "closed"})
    assert panel.ben.worklist()["results"] == []
    assert panel.ben.post("/api/v1/worklist/claim-next", {}).status_code == 404
    panel.anna.draw(read_id, panel.series, box(1, 1, 1, 3))
    assert panel.anna.sign(read_id).status_code == 200


def test_cases_nobody_began_follow_the_charter_and_the_others_keep_theirs(panel: Panel) -> None:
    panel.anna.claim()
    study_admit(panel.world, panel.project)
    with tenant_scope(panel.world.id):
        three = CHARTER | {"stages": [CHARTER["stages"][0] | {"readers": 3}, CHARTER["stages"][1]]}
        charter_set(actor=panel.world.owner, project=panel.project, definition=three)
        live = {
            case.number: (case.charter_version, case.tasks.filter(kind="read").exclude(state="recalled").count())
            for case in Case.objects.all()
        }
        assert live == {1: (1, 2), 2: (2, 3)}
        assert cases_open(project_id=panel.project.pk) == []
        assert Task.objects.filter(state=TaskState.RECALLED).count() == 3


def test_heartbeats_measure_by_the_servers_clock(panel: Panel) -> None:
    read_id = panel.anna.claim()

    def beat(seconds_ago: float, active_s: float) -> int:
        with tenant_scope(panel.world.id):
            Read.objects.filter(pk=read_id).update(heard_at=timezone.now() - dt.timedelta(seconds=seconds_ago))
        response = panel.anna.post(f"/api/v1/reads/{read_id}/heartbeat", {"active_s": active_s})
        assert response.status_code == 200, response.content
        return int(json.loads(response.content)["active_reading_s"])

    assert beat(15, 15) == 15
    assert beat(15, 900) == 30
    assert beat(600, 600) == 30
    assert beat(15, 0) == 30
    with tenant_scope(panel.world.id):
        assert round(sum(i.active_s for i in WorkInterval.objects.all())) == 30


def test_a_read_that_lacks_something_is_not_signed(panel: Panel) -> None:
    read_id = panel.anna.claim()
    refused = panel.anna.sign(read_id)
    body = json.loads(refused.content)
    assert (refused.status_code, body["code"]) == (409, "unanswered")
    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [("/segmentations", "nothing-drawn")]
    with tenant_scope(panel.world.id):
        assert Read.objects.get(pk=read_id).state == ReadState.DRAFT
        assert not AuditEvent.objects.filter(action="tasks.read.signed").exists()

    assert panel.anna.answer(read_id, nothing_found=True).status_code == 201
    panel.anna.draw(read_id, panel.series, box(1, 1, 1, 3))
    contradiction = json.loads(panel.anna.sign(read_id).content)
    assert [e["pointer"] for e in contradiction["errors"]] == ["/nothing_found"]
    assert panel.anna.answer(read_id, nothing_found=False, base=1).status_code == 201
    signed = panel.anna.sign(read_id)
    assert signed.status_code == 200
    assert panel.anna.sign(read_id).content == signed.content
    late = panel.anna.answer(read_id, nothing_found=False, base=2)
    assert (late.status_code, json.loads(late.content)["code"]) == (409, "read-not-writable")


ROLES = ("reader", "adjudicator", "reviewer", "manager", "customer", "auditor", "owner", "stranger", "signed-out")
MAY_CLAIM = {"reader"}


@pytest.mark.parametrize("role", ROLES)
def test_only_readers_take_a_case_and_only_its_reader_opens_the_read(
    north: TenantWorld, south: TenantWorld, role: str
) -> None:
    panel = Panel(north)
    read_id = panel.anna.claim()
    panel.anna.draw(read_id, panel.series, box(1, 1, 1, 3))
    if role == "stranger":
        actor: Any = south.member(role="owner")
        south.project("lung", reader=actor, manager=actor)
    elif role in {"owner", "signed-out"}:
        actor = north.member(role="owner") if role == "owner" else None
    else:
        actor = north.member()
        with tenant_scope(north.id):
            role_grant(actor=north.owner, project=panel.project, user_id=actor.user.pk, role=role)
    page = Page(north, actor)
    refused = 401 if role == "signed-out" else 404
    with tenant_scope(north.id):
        round_id = Task.objects.filter(kind="read").values_list("round_id", flat=True).first()
    path = f"/api/v1/reads/{read_id}"
    segmentation = f"{path}/segmentations/{panel.series}"
    statuses = {
        path: page.get(path).status_code,
        segmentation: page.get(segmentation).status_code,
        "revisions": page.get(f"{segmentation}/revisions").status_code,
        "save": page.save_raw(read_id, panel.series, b"x").status_code,
        "answers": page.answer(read_id, nothing_found=True).status_code,
        "heartbeat": page.post(f"{path}/heartbeat", {"active_s": 1}).status_code,
        "release": page.post(f"{path}/release").status_code,
        "flag": page.post(f"{path}/flag", {"code": "other"}).status_code,
        "submit": page.sign(read_id).status_code,
        "shown": page.get(f"{path}/shown/A/segmentations/{panel.series}").status_code,
        "adopt": page.post(f"{path}/adopt", {"label": "A"}).status_code,
    }
    assert set(statuses.values()) == {refused}, statuses
    claimed = page.post(f"/api/v1/tasks/{round_id}/claim").status_code
    assert claimed == (201 if role in MAY_CLAIM else refused)
    with tenant_scope(north.id):
        assert Read.objects.exclude(pk=read_id).count() == (1 if role in MAY_CLAIM else 0)
        assert Read.objects.get(pk=read_id).state == ReadState.DRAFT
        if role not in {"stranger", "signed-out"}:
            assert AuditEvent.objects.filter(outcome="refused", object_id=uuid.UUID(read_id)).exists()


def test_a_token_needs_the_scope(panel: Panel) -> None:
    with tenant_scope(panel.world.id):
        _, text = token_create(
            actor=panel.anna.actor, name="t", scopes=["releases:pull"], expires_at=timezone.now() + dt.timedelta(days=1)
        )
    response = Page(panel.world, None).client.get("/api/v1/worklist", headers={"authorization": f"Bearer {text}"})
    assert response.status_code == 404
