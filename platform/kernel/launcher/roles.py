"""The database roles that keep tenants apart, created the same way on a laptop and in production."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

# Who may do what (docs/operations.md). The application's role owns nothing and obeys every policy.
ROLES: dict[str, str] = {
    "app_owner": "LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB NOCREATEROLE",
    "app_user": "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    "app_system": "LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE",
    "audit_owner": "NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
}
USERS = ("app_user", "app_system")


def provision(admin_url: str, database: str, *, passwords: Mapping[str, str] | None = None) -> None:
    """Create the roles and the database, or bring existing ones to this state. Safe to repeat.

    `admin_url` connects as a superuser. `passwords` maps role to password; without it the roles have none, which only
    a private socket allows.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for role, attributes in ROLES.items():
            _ensure_role(connection, role, attributes, (passwords or {}).get(role))
        # A migration hands the audit table to a role nobody can sign in as.
        connection.execute("GRANT audit_owner TO app_owner")
        create_database(connection, database)
    with psycopg.connect(admin_url, dbname=database, autocommit=True) as connection:
        grant_in_database(connection)


def create_database(connection: psycopg.Connection[tuple[object, ...]], database: str) -> bool:
    """Create `database` for app_owner unless it exists; returns whether it was created. Autocommit connection."""
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
        return False
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER app_owner").format(sql.Identifier(database)))
    return True


def grant_in_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Set schema and default privileges in the connected database."""
    connection.execute("ALTER SCHEMA public OWNER TO app_owner")
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    # audit_owner must be allowed to hold the table that is transferred to it; nobody can sign in as it.
    connection.execute("GRANT USAGE, CREATE ON SCHEMA public TO audit_owner")
    for user in USERS:
        role = sql.Identifier(user)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public "
            "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {}",
        ):
            connection.execute(sql.SQL(statement).format(role))


def _ensure_role(
    connection: psycopg.Connection[tuple[object, ...]], role: str, attributes: str, password: str | None
) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    verb = sql.SQL("ALTER ROLE {} {}" if exists else "CREATE ROLE {} {}")
    # The attributes are the constants above; everything else is quoted.
    connection.execute(verb.format(sql.Identifier(role), sql.SQL(attributes)))
    if password:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
