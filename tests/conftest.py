"""What every test may use: the real database as the application's role, and the shared example data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from kernel.launcher.testing import TestServices

# Fixtures that need the rooms are imported when Django is up.
pytest_plugins = ["tests.world"]

SHARED = Path(os.environ.get("FIDUCIAL_SHARED") or Path(__file__).resolve().parents[2] / "shared")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with the example data that is not part of the repository."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the shared example data are absent: set FIDUCIAL_SHARED")
    return SHARED


@pytest.fixture(scope="session")
def django_db_setup(
    services: TestServices,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """A database of this process's own, migrated by the owner; the tests sign in as app_user, so policies hold.

    Replaces pytest-django's: Django would create the database as the role under test, which owns nothing.
    """
    from django.test import TransactionTestCase

    services.create_database()

    def recreate(case: TransactionTestCase) -> None:
        # Django would TRUNCATE, which app_user may not and the audit log refuses to everybody.
        _close_connections()
        services.create_database()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", recreate)
        yield
    with django_db_blocker.unblock():
        _close_connections()


def _close_connections() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
