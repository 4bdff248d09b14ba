"""Gives a pytest run its own PostgreSQL and Valkey: `-p kernel.launcher.pytest_plugin`.

A plugin and not a conftest, because pytest-django reads the settings before any conftest is imported.
"""

from __future__ import annotations

import os

import pytest

from kernel.launcher.testing import TestServices

SERVICES = pytest.StashKey[TestServices]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--reuse-services`: keep the servers' data and the migrated template between runs."""
    parser.getgroup("fiducial").addoption(
        "--reuse-services",
        action="store_true",
        default=bool(os.environ.get("FIDUCIAL_TEST_SERVICES")),
        help="keep the database in .fiducial/test-services between runs (default where FIDUCIAL_TEST_SERVICES is set)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Name the addresses in the environment before Django's settings are imported."""
    services = TestServices.for_this_process(keep=early_config.known_args_namespace.reuse_services)
    early_config.stash[SERVICES] = services
    os.environ.update(services.settings())


def pytest_sessionstart(session: pytest.Session) -> None:
    """Under xdist the controlling process starts the servers, because it outlives every worker."""
    is_worker = hasattr(session.config, "workerinput")
    if not is_worker and session.config.getoption("dist", "no") != "no":
        session.config.stash[SERVICES].start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    services = config.stash.get(SERVICES, None)
    if services is not None:
        services.close()


@pytest.fixture(scope="session")
def services(pytestconfig: pytest.Config) -> TestServices:
    """The running services of this test run, started on first use: broker and folders as the environment names them."""
    running = pytestconfig.stash[SERVICES]
    running.start()
    return running
