"""`up`: everything on one machine, in the foreground, until it is told to stop."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from kernel.launcher.errors import ServiceError
from kernel.launcher.process import leashed
from kernel.launcher.programs import (
    LOOPBACK,
    REPOSITORY,
    Addresses,
    has_command,
    management_command,
    program_environment,
    programs,
)
from kernel.launcher.schema import migrated_schema, remember_migrated_schema, schema_digest
from kernel.launcher.services import Services
from kernel.launcher.supervisor import Supervisor

READY_TIMEOUT_S = 90.0
LOOK_EVERY_S = 0.2
SIGN_INS = "demo-sign-ins.txt"


class StopRequested(BaseException):
    """Somebody pressed Ctrl-C or sent a signal. Not an Exception: nothing on the way may swallow it."""


def say(line: str) -> None:
    """One line for the person at the terminal."""
    print(f"fiducial: {line}", flush=True)


def up(data_dir: Path, *, addresses: Addresses, worker_processes: int, demo: bool = True) -> None:
    """Start everything, print the address, and return when told to stop, with nothing left running."""
    started = time.monotonic()
    services = Services(data_dir)
    supervisor: Supervisor | None = None
    raise_on_signals()
    try:
        settings = services.start()
        settings |= {"PUBLIC_URL": addresses.public_url, "SOCKET_URL": addresses.socket_url}
        say(f"database and broker are up after {time.monotonic() - started:.1f} s")
        prepare_database(data_dir, settings, demo=demo)
        children = programs(data_dir, settings, addresses, worker_processes=worker_processes)
        supervisor = Supervisor(services, children, say=say)
        supervisor.start("web", "sockets")  # a person waits for these; the others would take their processor time
        _wait_until_ready(supervisor, addresses, data_dir)
        supervisor.start()
        _greet(data_dir, addresses, time.monotonic() - started)
        while True:
            time.sleep(LOOK_EVERY_S)
            supervisor.tend()
    except StopRequested:
        say("stopping")
    finally:
        _ignore_signals()
        if supervisor is not None:
            supervisor.stop()
        services.stop()
    say("stopped")


def prepare_database(data_dir: Path, settings: Mapping[str, str], *, demo: bool) -> None:
    """Migrate as the owner; with `demo` load the demo tenant the first time.

    Raises ServiceError with the end of the command's output.
    """
    owner_url, schema = settings["DATABASE_OWNER_URL"], schema_digest()
    if migrated_schema(owner_url) != schema:
        say("migrating the database")
        run_management_command(settings, "migrate", "--database", "owner", "--noinput", "--verbosity", "0")
        remember_migrated_schema(owner_url, schema)
    stamp = data_dir / "demo-tenant.loaded"
    if demo and has_command("demo_tenant") and not stamp.exists():
        say("loading the demo tenant, once; it takes a minute")
        run_management_command(settings, "demo_tenant")
        stamp.touch()


def run_management_command(settings: Mapping[str, str], *words: str) -> None:
    """Run `manage.py WORDS` to its end; it dies with us. Raises ServiceError with the end of its output."""
    done = subprocess.run(
        leashed(management_command(*words), death_signal=signal.SIGTERM),
        env=program_environment(settings),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServiceError(
            f"`manage.py {words[0]}` failed:\n{done.stdout[-3000:]}",
            remedy="The message above says why; the kept data were not removed.",
        )


def raise_on_signals() -> None:
    """Turn SIGINT, SIGTERM and SIGHUP into StopRequested."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise StopRequested

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _ignore_signals() -> None:
    # A second Ctrl-C while stopping must not leave a server behind.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _wait_until_ready(supervisor: Supervisor, addresses: Addresses, data_dir: Path) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        status, problems = readiness(addresses.web_port)
        if status == http.client.OK and _listens(addresses.socket_port):
            return
        if time.monotonic() > deadline:
            raise ServiceError(
                f"The platform did not become ready in {READY_TIMEOUT_S:.0f} s: {problems}.",
                remedy=f"Read web.log, sockets.log and worker.log in {data_dir / 'logs'}.",
            )
        supervisor.tend()
        time.sleep(LOOK_EVERY_S / 2)


def readiness(port: int) -> tuple[int, str]:
    """Status of /healthz/ready on loopback and what it names as missing; status 0 where nobody answers."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        connection.request("GET", "/healthz/ready")
        response = connection.getresponse()
        body = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        return 0, type(error).__name__
    finally:
        connection.close()
    return response.status, ", ".join(map(str, body.get("problems", [])))


def _listens(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def _greet(data_dir: Path, addresses: Addresses, seconds: float) -> None:
    say(f"ready after {seconds:.1f} s: {addresses.public_url}")
    sign_ins = data_dir / SIGN_INS
    if sign_ins.exists():
        print(sign_ins.read_text().rstrip(), flush=True)
    say(f"logs are in {data_dir / 'logs'}; Ctrl-C stops everything")
