"""Settings that contradict each other stop a start, with the remedy and without their values."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.launcher.errors import SettingsError
from kernel.launcher.keys import ensure_keys
from kernel.launcher.settings_check import check_environment

DATABASES = {
    "DATABASE_URL": "postgresql://app_user:hidden@db/fiducial",
    "DATABASE_OWNER_URL": "postgresql://app_owner:hidden@db/fiducial",
    "DATABASE_SYSTEM_URL": "postgresql://app_system:hidden@db/fiducial",
}
S3 = "s3://bucket?endpoint=http://127.0.0.1:9000&region=eu"


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"DATABASE_URL": DATABASES["DATABASE_URL"]}, "DATABASE_OWNER_URL, DATABASE_SYSTEM_URL is not"),
        ({"DATABASE_OWNER_URL": DATABASES["DATABASE_OWNER_URL"]}, "DATABASE_URL, DATABASE_SYSTEM_URL is not"),
        (DATABASES | {"DATABASE_OWNER_URL": "postgresql://app_user:hidden@db/x"}, "the same role"),
        (DATABASES | {"DATABASE_URL": "mysql://app_user:hidden@db/x"}, "DATABASE_URL is not a postgresql"),
        (DATABASES | {"DATABASE_URL": "postgresql://app_user:hid/den@db:x/x"}, "DATABASE_URL"),
        ({"BROKER_URL": "amqp://hidden@host"}, "BROKER_URL has a scheme"),
        ({"BROKER_URL": "redis+socket://relative.sock"}, "BROKER_URL names no socket"),
        ({"STORAGE_URL": "file://relative/folder"}, "STORAGE_URL is not an absolute folder"),
        ({"STORAGE_URL": "ftp://hidden"}, "STORAGE_URL has an unknown scheme"),
        ({"STORAGE_URL": S3}, "no credentials"),
        ({"STORAGE_URL": S3, "AWS_ACCESS_KEY_ID": "hidden"}, "no credentials"),
        ({"STORAGE_URL": S3 + "&secret=hidden"}, "a parameter that is not known"),
        ({"STORAGE_URL": "s3://?region=eu"}, "names no bucket"),
        ({"ROOT_KEY_FILE": "/nowhere/hidden"}, "ROOT_KEY_FILE cannot be read: No such file"),
    ],
)
def test_refused(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        check_environment(environment)
    assert problem in refusal.value.detail
    assert refusal.value.remedy
    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        DATABASES,
        {"BROKER_URL": "redis://:secret@host:6379/0"},
        {"BROKER_URL": "redis+socket:///run/valkey.sock"},
        {"STORAGE_URL": "file:///srv/blobs"},
        {"STORAGE_URL": S3, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
        {"STORAGE_URL": S3, "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/token"},
    ],
)
def test_accepted(environment: dict[str, str]) -> None:
    check_environment(environment)


def test_production_wants_every_setting(tmp_path: Path) -> None:
    complete = DATABASES | ensure_keys(tmp_path)
    complete |= {"BROKER_URL": "redis://host", "STORAGE_URL": "file:///srv", "PUBLIC_URL": "https://example.org"}
    check_environment(complete, complete=True)
    for name in complete:
        with pytest.raises(SettingsError, match=f"^{name} is not set"):
            check_environment({key: value for key, value in complete.items() if key != name}, complete=True)


def test_production_is_served_behind_tls_only(tmp_path: Path) -> None:
    complete = DATABASES | ensure_keys(tmp_path) | {"BROKER_URL": "redis://host", "STORAGE_URL": "file:///srv"}
    with pytest.raises(SettingsError, match="PUBLIC_URL is not https"):
        check_environment(complete | {"PUBLIC_URL": "http://example.org"}, complete=True)


def test_keys_are_private_made_once_and_checked(tmp_path: Path) -> None:
    first = ensure_keys(tmp_path / "keys")
    contents = {name: Path(path).read_bytes() for name, path in first.items()}
    assert ensure_keys(tmp_path / "keys") == first
    assert {name: Path(path).read_bytes() for name, path in first.items()} == contents
    assert {Path(path).stat().st_mode & 0o777 for path in first.values()} == {0o600}
    assert len(bytes.fromhex(contents["ROOT_KEY_FILE"].decode())) == 32
    check_environment(first)

    root = Path(first["ROOT_KEY_FILE"])
    root.chmod(0o644)
    with pytest.raises(SettingsError, match="open to other users"):
        check_environment(first)
    root.chmod(0o600)
    root.write_text("abcd")
    with pytest.raises(SettingsError, match="expected form"):
        check_environment(first)
