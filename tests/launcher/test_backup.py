"""A backup that does not come back whole is noticed: when it is made, or when it is restored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kernel.launcher.backup import BackupError, backup, mirror_blobs, restore
from kernel.launcher.postgres import EmbeddedPostgres
from kernel.launcher.roles import provision


@pytest.fixture
def source(postgres: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """A database whose rows a policy hides from everybody but the bypassing role, with an append-only table."""
    provision(postgres.admin_url, "source")
    with psycopg.connect(postgres.url("app_owner", "source")) as owner:
        owner.execute("CREATE TABLE study (id serial, tenant_id int)")
        owner.execute("INSERT INTO study (tenant_id) SELECT n % 2 FROM generate_series(1, 10) n")
        owner.execute("ALTER TABLE study ENABLE ROW LEVEL SECURITY")
        owner.execute("ALTER TABLE study FORCE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY hidden ON study USING (false)")
        owner.execute("CREATE TABLE event (x int)")
        owner.execute("INSERT INTO event VALUES (1), (2), (3)")
        owner.execute("ALTER TABLE event OWNER TO audit_owner")
    yield postgres
    with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
        for database in ("source", "restored"):
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def test_round_trip_with_policies_owners_and_privileges(source: EmbeddedPostgres, tmp_path: Path) -> None:
    counted = backup(source.url("app_system", "source"), tmp_path / "backup")
    assert counted == {"public.event": 3, "public.study": 10}
    assert restore(source.admin_url, "restored", tmp_path / "backup") == counted
    with psycopg.connect(source.url("app_user", "restored")) as user:
        assert user.execute("SELECT count(*) FROM study").fetchone() == (0,)
        assert user.execute("SELECT count(*) FROM event").fetchone() == (3,)
        assert user.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'event'").fetchone() == ("audit_owner",)
        forced = user.execute("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'study'")
        assert forced.fetchone() == (True, True)
    with psycopg.connect(source.url("app_system", "restored")) as system:
        assert system.execute("SELECT count(*) FROM study WHERE tenant_id = 1").fetchone() == (5,)


@pytest.mark.parametrize("role", ["app_user", "app_owner"])
def test_a_role_under_policies_makes_no_backup(source: EmbeddedPostgres, tmp_path: Path, role: str) -> None:
    with pytest.raises(BackupError, match="DATABASE_SYSTEM_URL"):
        backup(source.url(role, "source"), tmp_path / "backup")
    assert list((tmp_path / "backup").iterdir()) == []


def test_rows_that_do_not_come_back_are_named(source: EmbeddedPostgres, tmp_path: Path) -> None:
    backup(source.url("app_system", "source"), tmp_path / "backup")
    manifest = tmp_path / "backup" / "manifest.json"
    saved = json.loads(manifest.read_text())
    saved["rows"]["public.study"] = 11
    manifest.write_text(json.dumps(saved))
    with pytest.raises(BackupError, match=r"in public\.study\."):
        restore(source.admin_url, "restored", tmp_path / "backup")


def test_a_damaged_dump_restores_nothing(source: EmbeddedPostgres, tmp_path: Path) -> None:
    backup(source.url("app_system", "source"), tmp_path / "backup")
    dump = tmp_path / "backup" / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-1])
    with pytest.raises(BackupError, match="damaged"):
        restore(source.admin_url, "restored", tmp_path / "backup")
    with psycopg.connect(source.admin_url) as connection:
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = 'restored'").fetchone() is None


def test_a_database_in_use_is_not_overwritten(source: EmbeddedPostgres, tmp_path: Path) -> None:
    backup(source.url("app_system", "source"), tmp_path / "backup")
    with pytest.raises(BackupError, match="source is not empty"):
        restore(source.admin_url, "source", tmp_path / "backup")


def test_blobs_are_mirrored_and_erased_ones_leave_the_mirror(tmp_path: Path) -> None:
    source, target = tmp_path / "blobs", tmp_path / "mirror"
    (source / "aa").mkdir(parents=True)
    (source / "aa" / "one").write_bytes(b"1")
    (source / "aa" / "two").write_bytes(b"2")
    assert mirror_blobs(source, target) == (2, 0)
    (source / "aa" / "one").unlink()
    (source / "aa" / "three").write_bytes(b"3")
    assert mirror_blobs(source, target) == (1, 1)
    assert {path.name: path.read_bytes() for path in (target / "aa").iterdir()} == {"two": b"2", "three": b"3"}
    assert mirror_blobs(source, target) == (0, 0)
