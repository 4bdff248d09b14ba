"""Role × action, the table the code must agree with, against two tenants."""

from typing import Any

import pytest

from apps.audit.models import AuditEvent
from apps.projects import selectors
from apps.projects.constants import ProjectAction, ProjectRole
from apps.projects.domain import definitions as d
from apps.projects.services.projects import role_grant, role_revoke
from kernel.errors import ConflictError, NotFoundError
from kernel.tenancy.scope import tenant_scope
from tests.world import CHARTER, SCHEMA

pytestmark = pytest.mark.django_db

# fmt: off
TABLE = {
    #              VIEW MANAGE DELIVER STUDIES READ ADJUD REVIEW CASES DATASETS CHANGE PULL TRAIL ERASE
    "manager":     "x   x      x       x       .    .     .      x     x        x      x    x     x",
    "reader":      "x   .      .       .       x    .     .      .     .        .      .    .     .",
    "adjudicator": "x   .      .       .       .    x     .      .     .        .      .    .     .",
    "reviewer":    "x   .      .       x       .    .     x      x     .        .      .    .     .",
    "customer":    ".   .      .       .       .    .     .      .     .        .      x    .     .",
    "auditor":     "x   .      .       x       .    .     .      x     x        .      .    x     .",
    "":            ".   .      .       .       .    .     .      .     .        .      .    .     .",
}
COLUMNS = [
    ProjectAction.VIEW, ProjectAction.MANAGE, ProjectAction.DELIVER, ProjectAction.VIEW_STUDIES, ProjectAction.READ,
    ProjectAction.ADJUDICATE, ProjectAction.REVIEW, ProjectAction.VIEW_CASES, ProjectAction.VIEW_DATASETS,
    ProjectAction.CHANGE_DATASETS, ProjectAction.PULL_RELEASES, ProjectAction.VIEW_TRAIL, ProjectAction.ERASE,
]
# fmt: on


def test_the_table_names_every_role_and_action() -> None:
    assert set(TABLE) - {""} == set(ProjectRole.values)
    assert set(COLUMNS) == set(ProjectAction)


@pytest.mark.parametrize("role", TABLE)
def test_a_role_may_do_what_its_row_says_and_nothing_else(north: Any, south: Any, role: str) -> None:
    person = north.member()
    people = {role: person} if role else {}
    mine, theirs = north.project(**people), south.project()
    with tenant_scope(north.id):
        held = {a for a in ProjectAction if selectors.may(person, a, mine)}
        assert held == {a for a, mark in zip(COLUMNS, TABLE[role].split(), strict=True) if mark == "x"}
        assert selectors.project_ids_for(person, ProjectAction.VIEW) == (
            [mine.pk] if ProjectAction.VIEW in held else []
        )
        with pytest.raises(NotFoundError):
            selectors.project_get_for(actor=person, project_id=theirs.pk)


def test_a_role_taken_away_leaves_what_another_role_gives(north: Any) -> None:
    person = north.member()
    project = north.project(reader=person)
    with tenant_scope(north.id):
        role_grant(actor=north.owner, project=project, user_id=person.user.pk, role="adjudicator")
        grant = selectors.role_grant_list_for(actor=north.owner, project=project).get(user=person.user, role="reader")
        role_revoke(actor=north.owner, project=project, grant_id=grant.pk)
        assert not selectors.may(person, ProjectAction.READ, project)
        assert selectors.may(person, ProjectAction.VIEW, project)
        assert selectors.may(person, ProjectAction.ADJUDICATE, project)
        assert AuditEvent.objects.filter(action="projects.role.revoked").count() == 1


def test_the_last_manager_stays(north: Any) -> None:
    project = north.project()
    with tenant_scope(north.id):
        grant = selectors.role_grant_list_for(actor=north.owner, project=project).get(role="manager")
        with pytest.raises(ConflictError, match="last one"):
            role_revoke(actor=north.owner, project=project, grant_id=grant.pk)


def test_a_stranger_gets_no_role(north: Any, south: Any) -> None:
    project = north.project()
    with tenant_scope(north.id), pytest.raises(NotFoundError):
        role_grant(actor=north.owner, project=project, user_id=south.owner.user.pk, role="reader")


class TestApi:
    def test_a_project_is_made_once_for_one_key(self, north: Any) -> None:
        client = north.client(north.owner)
        body = {"slug": "liver", "name": "Liver 肝臓"}
        headers = {"Idempotency-Key": "k1"}
        first = client.json("POST", "/api/v1/projects", body, **headers)
        again = client.json("POST", "/api/v1/projects", body, **headers)
        assert first.status_code == again.status_code == 201
        assert first.json()["id"] == again.json()["id"]
        other = client.json("POST", "/api/v1/projects", {**body, "slug": "lung"}, **headers)
        assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")

    def test_a_stale_edit_is_refused(self, north: Any) -> None:
        north.project()
        client = north.client(north.owner)
        tag = client.get("/api/v1/projects/lung")["ETag"]
        assert client.json("PATCH", "/api/v1/projects/lung", {"name": "A"}, **{"If-Match": tag}).status_code == 200
        refused = client.json("PATCH", "/api/v1/projects/lung", {"name": "B"}, **{"If-Match": tag})
        assert (refused.status_code, refused.json()["code"]) == (412, "stale-edit")
        assert client.get("/api/v1/projects/lung").json()["name"] == "A"

    def test_the_list_costs_the_same_for_one_and_for_twenty(
        self, north: Any, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(20):
            north.project(slug=f"p{number}")
        client = north.client(north.owner)
        with django_assert_max_num_queries(19):
            page = client.get("/api/v1/projects?page_size=20").json()
        assert (len(page["results"]), page["next"]) == (20, None)

    def test_pages_follow_each_other_without_loss(self, north: Any) -> None:
        for number in range(5):
            north.project(slug=f"p{number}")
        client, seen, cursor = north.client(north.owner), [], ""
        while cursor is not None:
            page = client.get(f"/api/v1/projects?page_size=2&cursor={cursor}").json()
            seen += [row["slug"] for row in page["results"]]
            cursor = page["next"]
        assert sorted(seen) == [f"p{n}" for n in range(5)]

    def test_a_contradicting_charter_points_at_itself(self, north: Any) -> None:
        north.project()
        bad = {**CHARTER, "agreement": {"metric": "dice", "threshold": 1.5}}
        refused = north.client(north.owner).json("PUT", "/api/v1/projects/lung/charter", bad)
        assert refused.status_code == 422
        assert [e["pointer"] for e in refused.json()["errors"]] == ["/agreement/threshold"]

    def test_the_rail_shows_only_what_a_role_uses(self, north: Any) -> None:
        reader, customer = north.member(), north.member()
        north.project(reader=reader, customer=customer)
        assert north.client(reader).get("/api/v1/tenant").json()["rooms"] == ["worklist", "projects"]
        assert north.client(customer).get("/api/v1/tenant").json()["rooms"] == ["releases"]
        assert north.client(customer).get("/api/v1/projects/lung").status_code == 404


class TestDefinitions:
    def test_versions_do_not_move(self, north: Any) -> None:
        project = north.project()
        from apps.projects.services.definitions import charter_set

        with tenant_scope(north.id):
            same = charter_set(actor=north.owner, project=project, definition=CHARTER)
            changed = charter_set(actor=north.owner, project=project, definition={**CHARTER, "sample_review": 0.1})
            assert (same.version, changed.version) == (1, 2)
            assert selectors.charter_of(project.pk, 1)[1].sample_review == 0.0

    def test_a_snomed_code_with_a_wrong_digit_is_refused_and_the_right_one_named(self) -> None:
        wrong = {"value": "181414003", "scheme_designator": "SCT", "meaning": "Entire pancreas"}
        with pytest.raises(d.DefinitionError, match="181414000") as caught:
            d.schema_from_json({"classes": [{**SCHEMA["classes"][0], "type": wrong}]})
        assert caught.value.pointer == "/classes/0/type/value"

    def test_plain_form_and_back_is_the_same(self) -> None:
        schema, charter = d.schema_from_json(SCHEMA), d.charter_from_json(CHARTER)
        assert d.schema_from_json(d.schema_as_json(schema)) == schema
        assert d.charter_from_json(d.charter_as_json(charter)) == charter

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"classes": [{**SCHEMA["classes"][0], "number": 0}]}, "/classes/0/number"),
            ({"classes": [{**SCHEMA["classes"][0], "colour": "red"}]}, "/classes/0/colour"),
            ({"classes": [SCHEMA["classes"][0]] * 2}, "/classes"),
            ({"classes": [{**SCHEMA["classes"][0], "type": None}]}, "/classes/0/type"),
            ({"classes": []}, "/classes"),
            ({}, "/classes"),
        ],
    )
    def test_a_contradicting_schema_is_refused_where_it_errs(self, change: dict[str, Any], pointer: str) -> None:
        with pytest.raises(d.DefinitionError) as caught:
            d.schema_from_json(change)
        assert caught.value.pointer == pointer


def test_whoever_reads_sees_no_job_move_even_as_owner(north: Any) -> None:
    from kernel.jobs.models import Job

    auditor, reader = north.member(role="auditor"), north.member()
    project = north.project(reader=reader, manager2=reader)
    with tenant_scope(north.id):
        Job.objects.create(name="review.compute_agreement", project_id=project.pk)
        assert selectors.job_list_for(north.owner).count() == 1
        assert selectors.job_list_for(auditor).count() == 1
        assert selectors.job_list_for(reader).count() == 0
        role_grant(actor=north.owner, project=project, user_id=north.owner.user.pk, role="reader")
        assert selectors.job_list_for(north.owner).count() == 0
        assert selectors.overseen_projects(north.owner) == (set(), False)


def test_numbers_are_for_those_who_oversee_and_not_for_those_who_read(north: Any) -> None:
    reader = north.member()
    north.project(reader=reader)
    shown = north.client(north.owner).get("/api/v1/projects").json()["results"][0]["counts"]
    assert shown == {"studies": 0, "cases": 0, "cases_settled": 0}
    assert north.client(reader).get("/api/v1/projects").json()["results"][0]["counts"] is None
    assert north.client(reader).get("/api/v1/projects/lung").json()["counts"] is None
