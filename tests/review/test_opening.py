"""Who sees cases, who decides, and what a killed comparison leaves behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AuditEvent
from apps.projects.services.definitions import charter_set
from apps.projects.services.projects import role_grant
from apps.review.models import Agreement, Consensus, Discordance, ReferenceStandard, ReviewDecision
from apps.review.selectors import reference_cases_of
from apps.review.services import agreeing
from apps.studies.domain.events import SubjectErased
from apps.studies.models import Subject
from apps.tasks.models import Case, Read, Task
from kernel.events import publish
from kernel.jobs.models import Job, JobState
from kernel.jobs.runner import run_job
from kernel.jobs.services import enqueue
from kernel.keys.services import key_destroy
from kernel.tenancy.scope import tenant_scope
from tests.tasks.panel import Page, Panel, box, study_admit
from tests.world import CHARTER, TenantWorld

pytestmark = pytest.mark.django_db

SEES_CASES = {"manager", "reviewer", "auditor"}
DECIDES = {"reviewer"}
ROLES = (
    "reader",
    "adjudicator",
    "reviewer",
    "manager",
    "customer",
    "auditor",
    "tenant owner",
    "stranger",
    "signed-out",
)


@pytest.mark.parametrize("role", ROLES)
def test_cases_open_to_those_who_may_see_them(north: TenantWorld, south: TenantWorld, role: str) -> None:
    panel = Panel(north)
    panel.read(panel.anna, box(1, 2, 2, 8))
    flagged = panel.ben.claim()
    assert panel.ben.post(f"/api/v1/reads/{flagged}/flag", {"code": "other", "text": "odd"}).status_code == 201
    page = Page(north, _person(north, south, panel, role))
    refused = 401 if role == "signed-out" else 404
    case = panel.case()
    statuses = {
        "list": page.get("/api/v1/projects/lung/cases").status_code,
        "case": page.get(f"/api/v1/cases/{case['id']}").status_code,
        "overview": page.get("/api/v1/projects/lung/overview").status_code,
    }
    assert set(statuses.values()) == {200 if role in SEES_CASES else refused}, statuses
    resolve = f"/api/v1/cases/{case['id']}/flags/{case['flags'][0]['id']}/resolve"
    # An administrator of the tenant manages every project, and sees into none.
    manages = {"manager", "tenant owner"}
    assert page.post(resolve).status_code == (204 if role in manages else refused)
    decision = page.post(f"/api/v1/cases/{case['id']}/review", {"decision": "accepted"})
    assert decision.status_code == (409 if role in DECIDES else refused)
    with tenant_scope(north.id):
        assert not ReviewDecision.objects.exists()


def _person(north: TenantWorld, south: TenantWorld, panel: Panel, role: str) -> Any:
    if role == "signed-out":
        return None
    if role == "stranger":
        stranger = south.member(role="owner")
        south.project("lung", manager=stranger, reviewer=stranger)
        return stranger
    actor = north.member(role="owner" if role == "tenant owner" else "member")
    if role != "tenant owner":
        with tenant_scope(north.id):
            role_grant(actor=north.owner, project=panel.project, user_id=actor.user.pk, role=role)
    return actor


def test_the_list_costs_the_same_for_one_case_and_for_many(panel: Panel) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert panel.manager.get(path).status_code == 200
        return len(captured)

    panel.read(panel.anna, box(1, 2, 2, 8))
    paths = ["/api/v1/projects/lung/cases", "/api/v1/projects/lung/overview"]
    for path in paths:
        queries(path)
    one = [queries(path) for path in paths]
    for _ in range(2):
        study_admit(panel.world, panel.project)
    assert [queries(path) for path in paths] == one
    labels = [row["label"] for row in json.loads(panel.manager.get(paths[0]).content)["results"]]
    assert labels == ["Case 0003", "Case 0002", "Case 0001"]


@pytest.mark.parametrize("masks", [(box(1, 2, 2, 8), box(1, 2, 3, 8)), (box(1, 2, 2, 8), box(1, 2, 7, 9))])
def test_a_comparison_that_died_runs_again_and_one_that_finished_changes_nothing(
    panel: Panel, monkeypatch: pytest.MonkeyPatch, masks: Any
) -> None:
    panel.read(panel.anna, masks[0])
    panel.read(panel.ben, masks[1])

    def die(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("killed")

    # It dies after everything was written and before it is committed.
    for name in ("_open_discordance", "case_settle"):
        monkeypatch.setattr(agreeing, name, die)
    with tenant_scope(panel.world.id):
        job = Job.objects.get(name="review.compute_agreement")
        run_job(panel.world.id, job.pk)
        assert Case.objects.get().state == "reading"
        assert not Agreement.objects.exists() and not Consensus.objects.exists()
        assert not Read.objects.filter(kind="consensus").exists()
        job.refresh_from_db()
        assert (job.state, job.attempts, job.requested_by) == (JobState.QUEUED, 1, None)
    monkeypatch.undo()
    panel.run_jobs()
    before = panel.case()
    with tenant_scope(panel.world.id):
        counts = [model.objects.count() for model in (Agreement, Consensus, Discordance, ReferenceStandard, Read, Task)]
        case = Case.objects.get()
        enqueue("review.compute_agreement", project_id=case.project_id, case_id=case.pk)
    panel.run_jobs()
    assert panel.case() == before
    with tenant_scope(panel.world.id):
        again = [model.objects.count() for model in (Agreement, Consensus, Discordance, ReferenceStandard, Read, Task)]
        assert again == counts


def test_every_step_of_a_case_is_in_the_trail(panel: Panel) -> None:
    panel.read(panel.anna, box(1, 2, 2, 8))
    panel.read(panel.ben, box(1, 2, 7, 9))
    panel.run_jobs()
    read_id = panel.carl.claim()
    panel.carl.read(read_id)
    panel.carl.segmentation(f"/api/v1/reads/{read_id}/shown/B/segmentations/{panel.series}")
    panel.carl.post(f"/api/v1/reads/{read_id}/adopt", {"label": "B"})
    panel.carl.sign(read_id, "B.")
    with tenant_scope(panel.world.id):
        actions = list(
            AuditEvent.objects.filter(action__regex="^(tasks|annotations|review)")
            .order_by("recorded_at", "id")
            .values_list("action", flat=True)
        )
    one_read = ["tasks.task.claimed", "annotations.segmentation.saved", "tasks.read.signed"]
    assert actions == [
        "tasks.case.opened",
        *one_read,
        *one_read,
        "review.agreement.computed",
        "review.discordance.opened",
        "tasks.task.claimed",
        "tasks.read.opened",
        "review.read.shown",
        "annotations.segmentation.saved",
        "annotations.answers.saved",
        "review.read.adopted",
        "tasks.read.signed",
        "review.case.settled",
    ]


def test_names_are_hidden_from_whoever_adjudicates(panel: Panel) -> None:
    with tenant_scope(panel.world.id):
        role_grant(actor=panel.world.owner, project=panel.project, user_id=panel.carl.actor.user.pk, role="reviewer")
    panel.read(panel.anna, box(1, 2, 2, 8))
    panel.read(panel.ben, box(1, 2, 7, 9))
    panel.run_jobs()
    case_id = panel.case()["id"]
    read_id = panel.carl.claim()
    assert panel.anna.actor.user.name.encode() not in panel.carl.get(f"/api/v1/reads/{read_id}").content
    seen = json.loads(panel.carl.get(f"/api/v1/cases/{case_id}").content)
    assert [read["reader"] for read in seen["reads"]] == [None] * 3
    panel.carl.draw(read_id, panel.series, box(1, 1, 1, 3))
    panel.carl.sign(read_id, "So.")
    own = panel.carl.post(f"/api/v1/cases/{case_id}/review", {"decision": "accepted"})
    assert (own.status_code, json.loads(own.content)["code"]) == (409, "own-read")


def test_without_an_adjudicator_a_disagreement_is_stuck_and_says_so(panel: Panel) -> None:
    with tenant_scope(panel.world.id):
        charter_set(
            actor=panel.world.owner,
            project=panel.project,
            definition=CHARTER | {"stages": CHARTER["stages"][:1], "sample_review": 1.0},
        )
    panel.read(panel.anna, box(1, 2, 2, 8))
    panel.read(panel.ben, box(1, 2, 7, 9))
    panel.run_jobs()
    assert panel.case()["state"] == "discordant"
    overview = json.loads(panel.manager.get("/api/v1/projects/lung/overview").content)
    assert [(item["code"], item["count"]) for item in overview["stuck"]] == [("no-adjudicator", 1)]
    assert panel.carl.worklist()["results"] == []


def test_an_erased_subject_is_read_no_more_and_is_no_reference(panel: Panel) -> None:
    panel.read(panel.anna, box(1, 2, 2, 8))
    panel.read(panel.ben, box(1, 2, 2, 8))
    panel.run_jobs()
    study_admit(panel.world, panel.project)
    held = panel.anna.claim()
    with tenant_scope(panel.world.id):
        assert len(reference_cases_of(panel.project.pk)) == 1
        for subject in Subject.objects.select_related("key"):
            key_destroy(subject.key)
            Subject.objects.filter(pk=subject.pk).update(state="erased")
            publish(SubjectErased(subject_id=subject.pk, project_id=panel.project.pk))
        assert reference_cases_of(panel.project.pk) == []
        assert not Task.objects.filter(state__in=["open", "waiting", "claimed"]).exists()
    assert panel.anna.post(f"/api/v1/reads/{held}/heartbeat", {"active_s": 1}).status_code == 409
    assert panel.ben.worklist("?state=open")["results"] == []
    listed = json.loads(panel.manager.get("/api/v1/projects/lung/cases").content)["results"]
    assert [panel.manager.get(f"/api/v1/cases/{row['id']}").status_code for row in listed] == [200, 200]
