"""Every table that belongs to a tenant is under the policy, whoever adds it."""

import pytest
from django.apps import apps
from django.db import connection

from kernel.tenancy.models import TenantModel

pytestmark = pytest.mark.django_db


def rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_every_table_with_a_tenant_column_has_a_forced_policy() -> None:
    tables = {
        r[0]
        for r in rows(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'"
        )
    }
    exempt = {"tenants_domainroute"}  # read before anybody is known: which provider a mail domain signs in with
    guarded = {
        r[0]
        for r in rows(
            "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid "
            "WHERE c.relrowsecurity AND c.relforcerowsecurity AND p.polname = 'tenant_isolation' "
            "AND pg_get_expr(p.polqual, p.polrelid) LIKE '%app.tenant%' "
            "AND pg_get_expr(p.polwithcheck, p.polrelid) LIKE '%app.tenant%'"
        )
    }
    assert len(tables) >= 10
    assert tables - guarded - exempt == set()


def test_every_tenant_model_is_found_by_the_test_above() -> None:
    models = {m._meta.db_table for m in apps.get_models() if issubclass(m, TenantModel)}
    columns = {r[0] for r in rows("SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id'")}
    assert models <= columns


def test_no_reference_between_tenant_tables_can_cross_tenants() -> None:
    plain = rows(
        "SELECT con.conrelid::regclass::text, con.conname FROM pg_constraint con "
        "JOIN pg_class target ON target.oid = con.confrelid "
        "JOIN pg_attribute own ON own.attrelid = con.conrelid AND own.attname = 'tenant_id' "
        "JOIN pg_attribute theirs ON theirs.attrelid = con.confrelid AND theirs.attname = 'tenant_id' "
        "WHERE con.contype = 'f' AND array_length(con.conkey, 1) = 1 "
        "AND target.relname NOT IN ('tenants_domainroute')"
    )
    assert plain == []


def test_every_reference_has_a_database_constraint() -> None:
    missing = []
    for model in apps.get_models():
        if not issubclass(model, TenantModel):
            continue
        for field in model._meta.get_fields():
            remote = getattr(field, "related_model", None)
            if not getattr(field, "many_to_one", False) and not getattr(field, "one_to_one", False):
                continue
            if not hasattr(field, "column") or remote is None or not issubclass(remote, TenantModel):
                continue
            found = rows(
                "SELECT 1 FROM pg_constraint con JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = ANY(con.conkey) "
                f"WHERE con.contype = 'f' AND con.conrelid = '{model._meta.db_table}'::regclass "
                f"AND a.attname = '{field.column}' AND array_length(con.conkey, 1) = 2"
            )
            if not found:
                missing.append(f"{model._meta.db_table}.{field.column}")
    assert missing == []


def test_the_application_owns_nothing_and_passes_no_policy() -> None:
    assert rows("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [
        ("app_user", False, False)
    ]
    assert rows("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = 'app_user'") == []
