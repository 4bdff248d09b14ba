"""`python -m kernel.launcher up|services|run|provision|keys|check|backup|backup-keys|restore`."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kernel.launcher.backup import backup, mirror_blobs, restore
from kernel.launcher.errors import LauncherError, SettingsError
from kernel.launcher.key_store import back_up_key_store
from kernel.launcher.keys import ensure_keys
from kernel.launcher.process import leashed
from kernel.launcher.programs import REPOSITORY, Addresses, program_environment
from kernel.launcher.roles import provision
from kernel.launcher.services import DATABASE, Services
from kernel.launcher.settings_check import check_environment
from kernel.launcher.up import StopRequested, raise_on_signals, say, up


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; 0, 1 with the remedy on stderr, or the status of the command that `run` ran."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.act(options) or 0)
    except LauncherError as error:
        print(f"fiducial: {error.detail}\nfiducial: {error.remedy}", file=sys.stderr)
        return 1
    except StopRequested:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kernel.launcher", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    kept = REPOSITORY / ".fiducial"

    command = commands.add_parser("up", help="everything, in the foreground, until Ctrl-C")
    command.add_argument("--data-dir", type=Path, default=kept)
    command.add_argument("--port", type=int, default=8000)
    command.add_argument("--socket-port", type=int, default=8001)
    command.add_argument("--workers", type=_positive, default=2, help="background worker processes")
    command.add_argument("--no-demo", dest="demo", action="store_false", help="do not load the demo tenant")
    command.set_defaults(act=_up)

    command = commands.add_parser("services", help="database and broker only; prints the settings to export")
    command.add_argument("--data-dir", type=Path, default=kept)
    command.set_defaults(act=_services)

    command = commands.add_parser("run", help="start the services, run a command with their settings, stop them")
    command.add_argument("--data-dir", type=Path, help="keep the data here; without it they are thrown away")
    command.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND …")
    command.set_defaults(act=_run)

    command = commands.add_parser(
        "provision", help="roles and database on DATABASE_ADMIN_URL, for a server of your own"
    )
    command.add_argument("--database", default=DATABASE)
    command.set_defaults(act=_provision)

    command = commands.add_parser("keys", help="make a set of keys in a folder; existing ones stay")
    command.add_argument("directory", type=Path)
    command.set_defaults(act=_keys)

    command = commands.add_parser(
        "backup", help="dump the database of DATABASE_SYSTEM_URL and mirror a folder of blobs"
    )
    command.add_argument("directory", type=Path, help="a new directory")
    command.add_argument("--blobs", type=Path, help="mirror the file:// storage here")
    command.add_argument("--key-store", type=Path, help="replace this file; by default key-store.zip beside DIRECTORY")
    command.set_defaults(act=_backup)

    command = commands.add_parser(
        "backup-keys", help="replace the key store backup by the keys of DATABASE_SYSTEM_URL as they are now"
    )
    command.add_argument("file", type=Path)
    command.set_defaults(act=_backup_keys)

    command = commands.add_parser("restore", help="restore into a new database on DATABASE_ADMIN_URL, and count it")
    command.add_argument("directory", type=Path)
    command.add_argument("--key-store", type=Path, help="the newest one; by default key-store.zip beside DIRECTORY")
    command.add_argument("--database", required=True)
    command.set_defaults(act=_restore)

    command = commands.add_parser("check", help="refuse missing or contradictory settings, as production does at start")
    command.set_defaults(act=lambda options: check_environment(os.environ, complete=True))
    return parser


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a positive whole number")
    return int(text)


def _up(options: argparse.Namespace) -> None:
    addresses = Addresses.choose(options.port, options.socket_port)
    if addresses.web_port != options.port:
        say(f"port {options.port} is taken, using {addresses.web_port}")
    if addresses.socket_port != options.socket_port:
        say(f"port {options.socket_port} is taken, using {addresses.socket_port} for sockets")
    up(options.data_dir.resolve(), addresses=addresses, worker_processes=options.workers, demo=options.demo)


def _services(options: argparse.Namespace) -> None:
    raise_on_signals()
    services = Services(options.data_dir)
    try:
        for name, value in services.start().items():
            print(f"export {name}={shlex.quote(value)}", flush=True)
        print("# running until Ctrl-C", flush=True)
        while True:
            signal.pause()
    except StopRequested:
        return
    finally:
        services.stop()


def _run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise SettingsError("There is no command to run.", remedy="Write `run -- COMMAND …`.")
    raise_on_signals()
    keep = options.data_dir is not None
    data_dir = options.data_dir if keep else Path(tempfile.mkdtemp(prefix="fiducial-run-"))
    services = Services(data_dir, throw_away=not keep)
    try:
        environment = program_environment(services.start())
        child = subprocess.Popen(leashed(command, death_signal=signal.SIGTERM), env=environment)
        try:
            return child.wait()
        except StopRequested:
            child.terminate()
            child.wait(10)
            raise
    finally:
        services.stop()
        if not keep:
            shutil.rmtree(data_dir, ignore_errors=True)


def _required(name: str, what: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SettingsError(f"{name} is not set.", remedy=f"Set it to {what}.")
    return value


def _provision(options: argparse.Namespace) -> None:
    """Passwords come from APP_OWNER_PASSWORD and so on: words on a command line can be read by every user."""
    names = ("app_owner", "app_user", "app_system")
    passwords = {name: os.environ.get(f"{name.upper()}_PASSWORD", "") for name in names}
    provision(_required("DATABASE_ADMIN_URL", "a superuser's address"), options.database, passwords=passwords)
    say(f"roles and database {options.database} are in place")


def _backup(options: argparse.Namespace) -> None:
    system_url = _required("DATABASE_SYSTEM_URL", "app_system's address")
    counts = backup(system_url, options.directory.absolute(), key_store=options.key_store)
    say(f"{sum(counts.values())} rows of {len(counts)} tables are in {options.directory}")
    if options.blobs is not None:
        address = urlsplit(_required("STORAGE_URL", "the folder of blobs"))
        if address.scheme != "file":
            raise SettingsError("STORAGE_URL is not a folder.", remedy="Use your object store's own replication.")
        copied, removed = mirror_blobs(Path(unquote(address.path)), options.blobs)
        say(f"{copied} blobs copied, {removed} erased ones removed")


def _backup_keys(options: argparse.Namespace) -> None:
    count = back_up_key_store(_required("DATABASE_SYSTEM_URL", "app_system's address"), options.file)
    say(f"{count} keys are in {options.file}, in place of those that were there")


def _restore(options: argparse.Namespace) -> None:
    admin_url = _required("DATABASE_ADMIN_URL", "a superuser's address")
    done = restore(admin_url, options.database, options.directory.absolute(), key_store=options.key_store)
    say(f"{sum(done.rows.values())} rows of {len(done.rows)} tables came back, as counted when they were saved")
    if done.destroyed_since:
        say(f"{done.destroyed_since} keys were destroyed since; their columns are back: see docs/operations.md")


def _keys(options: argparse.Namespace) -> None:
    for name, path in ensure_keys(options.directory.resolve()).items():
        print(f"{name}={path}")


if __name__ == "__main__":
    sys.exit(main())
