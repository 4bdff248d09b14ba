"""Raw SQL through the application's own connection: without a tenant nothing, with another tenant nothing."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from kernel.tenancy.scope import NoTenantError, current_tenant_id, tenant_scope

pytestmark = pytest.mark.django_db

TABLES = ["tenants_membership", "projects_project", "projects_rolegrant", "audit_auditevent", "kernel_job"]


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


@pytest.fixture
def project(north: Any) -> Any:
    return north.project()


@pytest.mark.parametrize("table", TABLES[:4])
def test_without_a_tenant_there_are_no_rows(north: Any, project: Any, table: str) -> None:
    with tenant_scope(north.id):
        assert count(table) > 0
    assert count(table) == 0


@pytest.mark.parametrize("table", TABLES[1:4])
def test_another_tenant_sees_and_changes_nothing(north: Any, south: Any, project: Any, table: str) -> None:
    with tenant_scope(north.id):
        before = count(table)
    with tenant_scope(south.id), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE tenant_id = %s", [north.id])
        assert cursor.fetchone()[0] == 0
        if table != "audit_auditevent":
            cursor.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [north.id])
            assert cursor.rowcount == 0
            cursor.execute(f"UPDATE {table} SET tenant_id = %s WHERE tenant_id = %s", [south.id, north.id])
            assert cursor.rowcount == 0
    with tenant_scope(north.id):
        assert count(table) == before


def test_a_row_cannot_be_given_to_another_tenant(north: Any, south: Any, project: Any) -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        tenant_scope(north.id),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE projects_project SET tenant_id = %s", [south.id])


def test_a_reference_cannot_cross_tenants(north: Any, south: Any, project: Any) -> None:
    with pytest.raises(IntegrityError, match="tenant_fk"), tenant_scope(south.id), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "INSERT INTO projects_charter (id, tenant_id, created_at, version, definition, digest, project_id) "
            "VALUES (%s, %s, now(), 1, '{}', '', %s)",
            [uuid.uuid4(), south.id, project.pk],
        )


def test_the_tenant_is_gone_after_an_exception(north: Any, project: Any) -> None:
    with pytest.raises(ZeroDivisionError), tenant_scope(north.id):
        raise ZeroDivisionError
    assert count("projects_project") == 0
    with pytest.raises(NoTenantError):
        current_tenant_id()


def test_the_tenant_is_gone_after_a_database_error(north: Any, project: Any) -> None:
    with pytest.raises(ProgrammingError), tenant_scope(north.id), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column FROM projects_project")
    assert count("projects_project") == 0


def test_scopes_nest_and_return(north: Any, south: Any, project: Any) -> None:
    with tenant_scope(north.id):
        with tenant_scope(south.id):
            assert count("projects_project") == 0
        assert count("projects_project") == 1
    assert count("projects_project") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE app_owner",
        "ALTER TABLE projects_project DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_isolation ON projects_project",
        "TRUNCATE projects_project",
        "CREATE TABLE mine (id int)",
        "ALTER TABLE audit_auditevent DISABLE TRIGGER written_once",
    ],
)
def test_the_application_cannot_lift_the_policy(db: None, statement: str) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
