"""Migration operations for tenant-owned tables.

`TenantTable("studies_series", references={"study_id": "studies_study"})` gives a table what every tenant-owned table has:

* row-level security, enabled and forced, so that the owner obeys too;
* UNIQUE (tenant_id, id), the target of composite keys, which doubles as the index of the policy;
* for each reference a foreign key (tenant_id, column) → (tenant_id, id): PostgreSQL's keys ignore policies, so a
  plain foreign key would let a row of one tenant point at another's.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

_CURRENT = "NULLIF(current_setting('app.tenant', true), '')::uuid"


class TenantTable(Operation):
    """Put a table under the tenant policy; see the module."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, references: dict[str, str] | None = None, *, also_visible: str = "") -> None:
        self.table = table
        self.references = references or {}
        # An extra condition under which a row may be read (never written), e.g. a person's own memberships.
        self.also_visible = also_visible

    def state_forwards(self, app_label: str, state: Any) -> None:
        return None

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statement in self.statements():
            schema_editor.execute(statement)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(f"DROP POLICY tenant_isolation ON {self.table}")
        schema_editor.execute(f"ALTER TABLE {self.table} NO FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {self.table} DISABLE ROW LEVEL SECURITY")

    def statements(self) -> list[str]:
        """The SQL, in order."""
        table = self.table
        sql = [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY tenant_isolation ON {table} "
            f"USING (tenant_id = {_CURRENT}) WITH CHECK (tenant_id = {_CURRENT})",
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_tenant_key UNIQUE (tenant_id, id)",
        ]
        if self.also_visible:
            sql.append(f"CREATE POLICY also_visible ON {table} FOR SELECT USING ({self.also_visible})")
        sql += [
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_tenant_fk FOREIGN KEY (tenant_id, {column}) "
            f"REFERENCES {target} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED"
            for column, target in self.references.items()
        ]
        return sql

    def describe(self) -> str:
        return f"Row-level security and tenant keys on {self.table}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (
            self.__class__.__name__,
            [self.table],
            {"references": self.references, "also_visible": self.also_visible},
        )
