"""Who may see studies, and that a refusal looks like absence, everywhere."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from apps.audit.models import AuditEvent
from apps.studies import permissions
from apps.studies.models import Study
from kernel.tenancy.scope import tenant_scope
from tests.studies.conftest import dicomweb_of

pytestmark = pytest.mark.django_db

SEE_ALL = ["manager", "reviewer", "auditor"]
SEE_NOTHING_UNASKED = ["reader", "adjudicator", "customer"]


def paths(admitted: SimpleNamespace) -> list[str]:
    """Every address below a study."""
    study, series = admitted.study, admitted.series
    sop = admitted.instances[0].sop_instance_uid
    root = f"/dicomweb/v1/projects/lung/studies/{study.study_instance_uid}"
    of_series = f"{root}/series/{series.series_instance_uid}"
    instance = f"{of_series}/instances/{sop}"
    return [
        f"/api/v1/studies/{study.pk}", f"/api/v1/series/{series.pk}", f"/api/v1/series/{series.pk}/deidentification",
        root, f"{root}/metadata", f"{root}/series", f"{root}/instances", f"{root}/thumbnail",
        of_series, f"{of_series}/metadata", f"{of_series}/instances", f"{of_series}/thumbnail",
        instance, f"{instance}/metadata", f"{instance}/thumbnail", f"{instance}/rendered",
        f"{instance}/frames/1", f"{instance}/frames/1/rendered", f"{instance}/bulkdata/7FE00010",
    ]  # fmt: skip


@pytest.mark.parametrize("role", SEE_ALL)
def test_roles_that_oversee_see_every_address(north, project, admitted, role):
    actor = north.member()
    _grant(north, project, actor, role)
    client = north.client(actor)
    assert {path: client.get(path).status_code for path in paths(admitted)} == dict.fromkeys(paths(admitted), 200)


@pytest.mark.parametrize("role", SEE_NOTHING_UNASKED)
def test_other_roles_see_nothing_of_the_same(north, project, admitted, role):
    actor = north.member()
    _grant(north, project, actor, role)
    client = north.client(actor)
    assert {path: client.get(path).status_code for path in paths(admitted)} == dict.fromkeys(paths(admitted), 404)


def test_a_member_without_a_role_sees_nothing(north, admitted):
    client = north.client(north.member())
    assert {client.get(path).status_code for path in paths(admitted)} == {404}
    assert client.get("/api/v1/projects/lung/studies").status_code == 404


def test_another_tenant_sees_nothing_by_any_address(north, south, admitted):
    south.project("lung")
    client = south.client(south.owner)
    assert {client.get(path).status_code for path in paths(admitted)} == {404}
    assert client.get("/api/v1/projects/lung/studies").json()["results"] == []
    assert dicomweb_of(client).search_for_studies() == []


def test_nobody_sees_anything_signed_out(north, admitted):
    client = north.client(None)
    assert {client.get(path).status_code for path in paths(admitted)} <= {401, 404}


def test_a_refusal_is_written_down(north, project, admitted):
    reader = north.member()
    _grant(north, project, reader, "reader")
    assert north.client(reader).get(f"/api/v1/studies/{admitted.study.pk}").status_code == 404
    with tenant_scope(north.id):
        event = AuditEvent.objects.get(outcome="refused", object_id=admitted.study.pk)
        assert (event.actor_id, event.action) == (reader.user.pk, "studies.study.open")
        assert event.subject_pseudonym == admitted.subject.pseudonym


def test_a_reader_sees_what_is_granted_now_and_only_that(north, project, admitted, monkeypatch):
    reader = north.member()
    _grant(north, project, reader, "reader")
    granted = {admitted.study.pk}
    monkeypatch.setattr(
        permissions, "_grants", [lambda actor, ids: granted if actor.user_id == reader.user_id else set()]
    )
    client = north.client(reader)
    expected = {path: 200 for path in paths(admitted)}
    assert {path: client.get(path).status_code for path in paths(admitted)} == expected
    assert [row["id"] for row in client.get("/api/v1/projects/lung/studies").json()["results"]] == [
        str(admitted.study.pk)
    ]
    assert len(dicomweb_of(client).search_for_instances()) == 5
    granted.clear()
    assert {client.get(path).status_code for path in paths(admitted)} == {404}
    assert client.get("/api/v1/projects/lung/studies").json()["results"] == []
    assert dicomweb_of(client).search_for_instances() == []


def test_a_grant_of_another_study_opens_nothing(north, project, admitted, monkeypatch):
    reader = north.member()
    _grant(north, project, reader, "reader")
    monkeypatch.setattr(permissions, "_grants", [lambda actor, ids: {project.pk}])
    assert {north.client(reader).get(path).status_code for path in paths(admitted)} == {404}


def test_raw_sql_of_another_tenant_finds_no_study(north, south, admitted):
    from django.db import connection

    with tenant_scope(south.id), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM studies_study")
        assert cursor.fetchone() == (0,)
        cursor.execute("UPDATE studies_study SET description = 'changed'")
        assert cursor.rowcount == 0
    with tenant_scope(north.id):
        assert Study.objects.get().description == "CHEST CT"


def test_only_managers_erase(north, project, admitted):
    path = f"/api/v1/subjects/{admitted.subject.pk}/erase"
    for role in ("reviewer", "auditor", "reader", "adjudicator", "customer"):
        actor = north.member()
        _grant(north, project, actor, role)
        assert north.client(actor).json("POST", path, {"reason": "asked"}).status_code == 404
    assert north.client(north.owner).json("POST", path, {"reason": "asked"}).status_code == 202


def _grant(world, project, actor, role):
    from apps.projects.services.projects import role_grant

    with tenant_scope(world.id):
        role_grant(actor=world.owner, project=project, user_id=actor.user.pk, role=role)
