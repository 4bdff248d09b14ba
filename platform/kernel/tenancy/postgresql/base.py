"""Django's PostgreSQL backend, carrying the tenant into every transaction.

The name of this module is Django's contract for a database ENGINE.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base

from kernel.tenancy.scope import session_settings


class DatabaseWrapper(base.DatabaseWrapper):
    """Applies the tenant in scope at each outermost BEGIN, and forgets session settings when a connection is reused."""

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # private in the stubs, Django's documented hook in practice
        if not autocommit:
            for name, value in session_settings().items():
                self.connection.execute("SELECT set_config(%s, %s, true)", (name, value))


def reset_connection(connection: Any) -> None:
    """Pool callback: a session-level setting must not outlive its user."""
    connection.autocommit = True
    connection.execute("RESET ALL")
    connection.autocommit = False
