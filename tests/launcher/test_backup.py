"""A backup that does not come back whole is noticed: when it is made, or when it is restored."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kernel.launcher.backup import backup, mirror_blobs, restore
from kernel.launcher.errors import BackupError, ServiceError
from kernel.launcher.key_store import back_up_key_store, read_key_store
from kernel.launcher.postgres import EmbeddedPostgres, wheel_binaries
from kernel.launcher.roles import provision

ONE, OTHER = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
SECRET = b"\t\n\\CANARY"  # with the bytes that COPY would have to escape


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
        owner.execute("CREATE TABLE kernel_wrapped_key (id uuid PRIMARY KEY, wrapped bytea, destroyed_at timestamptz)")
        owner.execute(
            "INSERT INTO kernel_wrapped_key VALUES (%s, %s, NULL), (%s, %s, NULL)", (ONE, SECRET, OTHER, SECRET)
        )
        owner.execute(f"ALTER TABLE study ADD key_id uuid DEFAULT '{ONE}' REFERENCES kernel_wrapped_key")
        owner.execute("CREATE TABLE event (x int)")
        owner.execute("INSERT INTO event VALUES (1), (2), (3)")
        owner.execute("ALTER TABLE event OWNER TO audit_owner")
    yield postgres
    with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
        for database in ("source", "restored"):
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def test_round_trip_with_policies_owners_and_privileges(source: EmbeddedPostgres, tmp_path: Path) -> None:
    counted = backup(source.url("app_system", "source"), tmp_path / "backup")
    assert counted == {"public.event": 3, "public.kernel_wrapped_key": 2, "public.study": 10}
    restored = restore(source.admin_url, "restored", tmp_path / "backup")
    assert (restored.rows, restored.destroyed_since) == (counted, 0)
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
    with pytest.raises(BackupError, match="DATABASE_SYSTEM_URL"):
        back_up_key_store(source.url(role, "source"), tmp_path / "key-store.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]


def test_no_key_is_in_a_backup_and_the_key_store_is_one_file(source: EmbeddedPostgres, tmp_path: Path) -> None:
    for name in ("first", "second"):
        backup(source.url("app_system", "source"), tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "key-store.zip", "second"]
    assert (tmp_path / "key-store.zip").stat().st_mode & 0o777 == 0o600
    assert "public.kernel_wrapped_key" not in json.loads((tmp_path / "second" / "manifest.json").read_text())["rows"]
    listing = subprocess.run(
        [wheel_binaries() / "pg_restore", "--list", tmp_path / "second" / "database.dump"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "TABLE DATA public study" in listing
    assert "TABLE DATA public kernel_wrapped_key" not in listing


def test_a_key_destroyed_since_stays_destroyed_when_an_older_backup_is_restored(
    source: EmbeddedPostgres, tmp_path: Path
) -> None:
    system_url = source.url("app_system", "source")
    backup(system_url, tmp_path / "old")
    _destroy(source, OTHER)
    assert back_up_key_store(system_url, tmp_path / "key-store.zip") == 2
    assert restore(source.admin_url, "restored", tmp_path / "old").destroyed_since == 1
    with psycopg.connect(source.admin_url, dbname="restored") as connection:
        rows = connection.execute("SELECT id::text, wrapped FROM kernel_wrapped_key ORDER BY id").fetchall()
    assert rows == [(ONE, SECRET), (OTHER, b"")]


def test_a_key_store_that_cannot_be_written_leaves_no_backup(source: EmbeddedPostgres, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BackupError, match="cannot be written: File exists"):
        backup(source.url("app_system", "source"), tmp_path / "backup", key_store=tmp_path / "file" / "key-store.zip")
    with pytest.raises(BackupError, match="incomplete or damaged"):
        restore(source.admin_url, "restored", tmp_path / "backup")


def test_an_older_key_store_is_not_restored_with(source: EmbeddedPostgres, tmp_path: Path) -> None:
    system_url = source.url("app_system", "source")
    back_up_key_store(system_url, tmp_path / "older.zip")
    backup(system_url, tmp_path / "backup")
    with pytest.raises(BackupError, match="older than this backup"):
        restore(source.admin_url, "restored", tmp_path / "backup", key_store=tmp_path / "older.zip")
    with psycopg.connect(source.admin_url) as connection:
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = 'restored'").fetchone() is None


@pytest.mark.parametrize("change", ["UPDATE kernel_wrapped_key SET wrapped = 'x', destroyed_at = NULL", "a key gone"])
def test_a_key_store_that_knows_more_is_not_replaced(source: EmbeddedPostgres, tmp_path: Path, change: str) -> None:
    kept = tmp_path / "key-store.zip"
    _destroy(source, OTHER)
    back_up_key_store(source.url("app_system", "source"), kept)
    before = kept.read_bytes()
    gone = f"DELETE FROM kernel_wrapped_key WHERE id = '{OTHER}'"
    with psycopg.connect(source.admin_url, dbname="source") as connection:
        connection.execute(gone if change == "a key gone" else change)
    with pytest.raises(BackupError, match="another installation's"):
        back_up_key_store(source.url("app_system", "source"), kept)
    assert kept.read_bytes() == before
    assert list(tmp_path.iterdir()) == [kept]


@pytest.mark.parametrize("damage", ["cut", "flipped", "absent", "a row less"])
def test_a_damaged_key_store_restores_nothing(source: EmbeddedPostgres, tmp_path: Path, damage: str) -> None:
    backup(source.url("app_system", "source"), tmp_path / "backup")
    file = tmp_path / "key-store.zip"
    content = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        rows, manifest = archive.read("rows.copy"), archive.read("manifest.json")
    middle = 30 + len("rows.copy") + 40  # behind the local header, in the rows
    file.unlink()
    if damage == "cut":
        file.write_bytes(content[:-1])
    elif damage == "flipped":
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    elif damage == "a row less":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("rows.copy", rows[: rows.index(b"\n") + 1])
            archive.writestr("manifest.json", manifest)
    with pytest.raises(BackupError, match="key store backup is absent, incomplete or damaged"):
        restore(source.admin_url, "restored", tmp_path / "backup")
    with psycopg.connect(source.admin_url) as connection:
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = 'restored'").fetchone() is None


def test_a_key_store_of_another_form_is_refused_with_the_reason(source: EmbeddedPostgres, tmp_path: Path) -> None:
    backup(source.url("app_system", "source"), tmp_path / "backup")
    with psycopg.connect(source.admin_url, dbname="source") as connection:
        connection.execute("ALTER TABLE kernel_wrapped_key ADD more text")
    back_up_key_store(source.url("app_system", "source"), tmp_path / "key-store.zip")
    with pytest.raises(BackupError, match="other columns than this backup's database"):
        restore(source.admin_url, "restored", tmp_path / "backup")


def test_data_that_name_a_key_which_is_not_there_do_not_come_back(source: EmbeddedPostgres, tmp_path: Path) -> None:
    backup(source.url("app_system", "source"), tmp_path / "backup")
    with psycopg.connect(source.admin_url, dbname="source") as connection:
        connection.execute("ALTER TABLE study DROP key_id")
        connection.execute(f"DELETE FROM kernel_wrapped_key WHERE id = '{ONE}'")
    back_up_key_store(source.url("app_system", "source"), tmp_path / "foreign.zip")
    assert read_key_store(tmp_path / "foreign.zip").keys == {OTHER}
    with pytest.raises(ServiceError, match="pg_restore failed"):
        restore(source.admin_url, "restored", tmp_path / "backup", key_store=tmp_path / "foreign.zip")


def _destroy(source: EmbeddedPostgres, key: str) -> None:
    with psycopg.connect(source.admin_url, dbname="source") as connection:
        connection.execute("UPDATE kernel_wrapped_key SET wrapped = '', destroyed_at = now() WHERE id = %s", (key,))


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
