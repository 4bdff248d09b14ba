"""Which tenant the running code acts for. The one way a tenant is set, for requests, jobs, sockets and commands.

PostgreSQL's row-level security reads two settings, both set with SET LOCAL semantics only, so that nothing can
outlive its transaction: `app.tenant`, the tenant whose rows exist, and `app.user`, the person who may see their
own memberships across tenants. No setting means no rows.
"""

from __future__ import annotations

import contextlib
import contextvars
import uuid
from collections.abc import Iterator

from django.db import connections, transaction

_tenant: contextvars.ContextVar[uuid.UUID | None] = contextvars.ContextVar("fiducial_tenant", default=None)
_user: contextvars.ContextVar[uuid.UUID | None] = contextvars.ContextVar("fiducial_user", default=None)


class NoTenantError(RuntimeError):
    """Tenant-owned data was asked for outside any tenant: a mistake in the program, never in the request."""


def tenant_or_none() -> uuid.UUID | None:
    """The tenant in scope, or None."""
    return _tenant.get()


def current_tenant_id() -> uuid.UUID:
    """The tenant in scope.

    Raises `NoTenantError` outside a scope.
    """
    tenant_id = _tenant.get()
    if tenant_id is None:
        raise NoTenantError("no tenant in scope: open kernel.tenancy.scope.tenant_scope first")
    return tenant_id


def session_settings() -> dict[str, str]:
    """What the database backend sets at every outermost BEGIN."""
    tenant_id, user_id = _tenant.get(), _user.get()
    settings = {}
    if tenant_id is not None:
        settings["app.tenant"] = str(tenant_id)
    if user_id is not None:
        settings["app.user"] = str(user_id)
    return settings


@contextlib.contextmanager
def tenant_scope(tenant_id: uuid.UUID, *, using: str = "default") -> Iterator[None]:
    """Run the block for one tenant, inside a transaction of `using`; the previous tenant returns afterwards.

    Whatever is lazy (querysets, streams) must be evaluated inside; `on_commit` callbacks run outside and reopen
    the scope themselves (`kernel.events` and `kernel.jobs` do).
    """
    token = _tenant.set(tenant_id)
    try:
        with _setting("app.tenant", str(tenant_id), using):
            yield
    finally:
        _tenant.reset(token)


@contextlib.contextmanager
def person_scope(user_id: uuid.UUID, *, using: str = "default") -> Iterator[None]:
    """Let a person see their own memberships, whatever the tenant."""
    token = _user.set(user_id)
    try:
        with _setting("app.user", str(user_id), using):
            yield
    finally:
        _user.reset(token)


@contextlib.contextmanager
def bound_tenant(tenant_id: uuid.UUID) -> Iterator[None]:
    """Bind the tenant without opening a transaction: each transaction begun inside carries it.

    For long-running code (jobs, streams) that commits step by step.
    """
    if connections["default"].in_atomic_block:
        with tenant_scope(tenant_id):
            yield
        return
    token = _tenant.set(tenant_id)
    try:
        yield
    finally:
        _tenant.reset(token)


@contextlib.contextmanager
def _setting(name: str, value: str, using: str) -> Iterator[None]:
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT current_setting(%s, true), set_config(%s, %s, true)", [name, name, value])
            row = cursor.fetchone()
        previous = row[0] or ""
        yield
        # On an error the rollback restores the setting; here an enclosing transaction goes on.
        if connections[using].needs_rollback:
            return
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [name, previous])
