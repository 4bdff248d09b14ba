"""The embedded PostgreSQL keeps acknowledged rows, whoever is killed, and starts again on them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from kernel.launcher import postgres as postgres_module
from kernel.launcher.errors import ServiceError
from kernel.launcher.postgres import EmbeddedPostgres
from kernel.launcher.process import process_started_at


def rows(server: EmbeddedPostgres) -> list[int]:
    with psycopg.connect(server.admin_url) as connection:
        return [int(x) for (x,) in connection.execute("SELECT x FROM kept ORDER BY x")]


def insert(server: EmbeddedPostgres, value: int) -> None:
    with psycopg.connect(server.admin_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (x int)")
        connection.execute("INSERT INTO kept VALUES (%s)", (value,))


def forget(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.admin_url) as connection:
        connection.execute("DROP TABLE IF EXISTS kept")


def wait_gone(pid: int, timeout_s: float = 10.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while process_started_at(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    return process_started_at(pid) is None


def test_a_clean_stop_keeps_rows_and_removes_sockets(postgres: EmbeddedPostgres) -> None:
    forget(postgres)
    insert(postgres, 1)
    pid = postgres.pid
    postgres.stop()
    assert pid is not None and process_started_at(pid) is None
    assert not postgres.socket_dir.exists()
    postgres.start()
    assert rows(postgres) == [1]


def test_kill_9_of_the_server_loses_no_acknowledged_row(postgres: EmbeddedPostgres) -> None:
    forget(postgres)
    for value in range(5):
        insert(postgres, value)
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    assert wait_gone(postgres.pid) or not postgres.alive
    assert (postgres.cluster / "postmaster.pid").exists()
    postgres.start()
    assert rows(postgres) == [0, 1, 2, 3, 4]
    assert (postgres.data_dir / "logs" / "postgres.log").read_text().count("already exists") == 0


def test_a_stale_pid_that_now_belongs_to_another_program_does_not_block(postgres: EmbeddedPostgres) -> None:
    postgres.stop()
    pidfile = postgres.cluster / "postmaster.pid"
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        pidfile.write_text(f"{bystander.pid}\n{postgres.cluster}\n1\n5432\n{postgres.socket_dir}\n\n\n")
        postgres.start()
        assert postgres.answers()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_kill_9_of_the_launcher_takes_the_server_down_and_a_new_one_starts(cluster_dir: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from kernel.launcher.postgres import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start(); print(server.pid, flush=True); time.sleep(60)"
    )
    launcher = subprocess.Popen([sys.executable, "-c", script, str(cluster_dir)], stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    pid = int(launcher.stdout.readline())
    launcher.kill()
    launcher.wait()
    assert wait_gone(pid)
    server = EmbeddedPostgres(cluster_dir)
    server.start()
    try:
        assert server.answers()
    finally:
        server.stop()


def test_the_second_start_takes_no_initdb(postgres: EmbeddedPostgres) -> None:
    postgres.stop()
    created_at = (postgres.cluster / "PG_VERSION").stat().st_mtime_ns
    postgres.start()
    assert (postgres.cluster / "PG_VERSION").stat().st_mtime_ns == created_at


def test_a_killed_initdb_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    (tmp_path / "pgdata.new").mkdir()
    (tmp_path / "pgdata.new" / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(tmp_path, throw_away=True)
    server.start()
    try:
        assert server.answers()
        assert not (tmp_path / "pgdata.new").exists()
    finally:
        server.stop()


def test_data_of_another_version_are_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "pgdata").mkdir()
    (tmp_path / "pgdata" / "PG_VERSION").write_text("14\n")
    with pytest.raises(ServiceError, match="PostgreSQL 14.*restore"):
        EmbeddedPostgres(tmp_path).start()
    assert [path.name for path in (tmp_path / "pgdata").iterdir()] == ["PG_VERSION"]


def test_the_server_listens_on_a_private_socket_only(postgres: EmbeddedPostgres) -> None:
    assert stat.S_IMODE(postgres.socket_dir.stat().st_mode) == 0o700
    with psycopg.connect(postgres.admin_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to drop its privileges")
def test_where_namespaces_are_refused_root_starts_it_as_nobody(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries = postgres_module.wheel_binaries()
    if not all(parent.stat().st_mode & stat.S_IXOTH for parent in binaries.parents):
        pytest.skip("the programs lie in a folder that other users may not enter")
    data_dir = tmp_path_factory.mktemp("nobody")
    for parent in (data_dir, *data_dir.parents[:3]):
        if parent != Path("/tmp") and str(parent).startswith("/tmp/"):
            parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
    monkeypatch.setattr(postgres_module, "unprivileged_identity", lambda: "nobody")
    server = EmbeddedPostgres(data_dir, throw_away=True)
    server.start()
    try:
        assert server.pid is not None
        assert Path(f"/proc/{server.pid}").stat().st_uid == 65534
    finally:
        server.stop()
