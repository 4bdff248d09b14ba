"""The environment settings that replace the embedded parts, checked before anything starts.

`check_environment` is also what the production settings call: a missing or contradictory setting stops the process
at start with the remedy, and not in the middle of somebody's save. No value is ever printed: they hold passwords.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

from kernel.launcher.errors import SettingsError

DATABASE_VARIABLES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SYSTEM_URL")
KEY_VARIABLES = ("ROOT_KEY_FILE", "AUDIT_SIGNING_KEY_FILE", "SECRET_KEY_FILE")
BROKER_SCHEMES = ("redis", "rediss", "redis+socket")
# boto-style sources that give credentials without a pair of variables
S3_CREDENTIAL_SOURCES = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def check_environment(environment: Mapping[str, str], *, complete: bool = False) -> None:
    """Refuse settings that contradict each other; with `complete`, also settings that are missing.

    Without `complete` what is missing will be embedded by the launcher. Raises SettingsError on the first problem.
    """
    if complete:
        for name in (*DATABASE_VARIABLES, "BROKER_URL", "STORAGE_URL", *KEY_VARIABLES, "PUBLIC_URL"):
            if not environment.get(name):
                raise SettingsError(f"{name} is not set.", remedy="Set it; docs/operations.md says what it holds.")
        if not environment["PUBLIC_URL"].startswith("https://"):
            raise SettingsError("PUBLIC_URL is not https.", remedy="Production serves behind TLS only.")
    _check_databases(environment)
    _check_broker(environment)
    _check_storage(environment)
    _check_key_files(environment)


def _check_databases(environment: Mapping[str, str]) -> None:
    given = [name for name in DATABASE_VARIABLES if environment.get(name)]
    if not given:
        return
    if len(given) < len(DATABASE_VARIABLES):
        missing = ", ".join(name for name in DATABASE_VARIABLES if name not in given)
        raise SettingsError(
            f"{given[0]} is set, but {missing} is not.",
            remedy="Set all three (roles app_user, app_owner, app_system), or none for the embedded PostgreSQL.",
        )
    users: dict[str | None, str] = {}
    for name in DATABASE_VARIABLES:
        address = _split(name, environment[name])
        if address.scheme not in ("postgresql", "postgres"):
            raise SettingsError(f"{name} is not a postgresql:// address.", remedy="Only PostgreSQL 15 or newer works.")
        if address.username in users:
            raise SettingsError(
                f"{users[address.username]} and {name} sign in as the same role.",
                remedy="Use app_user, app_owner and app_system: one role for all would see through tenant policies.",
            )
        users[address.username] = name


def _check_broker(environment: Mapping[str, str]) -> None:
    url = environment.get("BROKER_URL")
    if not url:
        return
    address = _split("BROKER_URL", url)
    if address.scheme not in BROKER_SCHEMES:
        raise SettingsError(
            "BROKER_URL has a scheme that is not supported.",
            remedy="Use redis://host:port/0, rediss://… or redis+socket:///path for Redis or Valkey.",
        )
    if address.scheme == "redis+socket" and not address.path.startswith("/"):
        raise SettingsError("BROKER_URL names no socket.", remedy="Write redis+socket:///absolute/path.sock.")


def _check_storage(environment: Mapping[str, str]) -> None:
    url = environment.get("STORAGE_URL")
    if not url:
        return
    address = _split("STORAGE_URL", url)
    if address.scheme == "file":
        if address.netloc or not address.path.startswith("/"):
            raise SettingsError("STORAGE_URL is not an absolute folder.", remedy="Write file:///absolute/folder.")
    elif address.scheme == "s3":
        _check_s3(environment, address.netloc, address.query)
    else:
        raise SettingsError(
            "STORAGE_URL has an unknown scheme.", remedy="Use file:///folder or s3://bucket?endpoint=…."
        )


def _check_s3(environment: Mapping[str, str], bucket: str, query: str) -> None:
    if not bucket:
        raise SettingsError("STORAGE_URL names no bucket.", remedy="Write s3://bucket?endpoint=…&region=….")
    unknown = set(parse_qs(query)) - {"endpoint", "region", "prefix"}
    if unknown:
        raise SettingsError(
            "STORAGE_URL has a parameter that is not known.",
            remedy="Only endpoint, region and prefix are read; credentials belong in AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY.",
        )
    pair = [bool(environment.get(name)) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
    if all(pair) or (not any(pair) and any(environment.get(name) for name in S3_CREDENTIAL_SOURCES)):
        return
    raise SettingsError(
        "STORAGE_URL is an S3 bucket, but there are no credentials for it.",
        remedy="Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    )


def _check_key_files(environment: Mapping[str, str]) -> None:
    checks: dict[str, Callable[[bytes], bool]] = {
        "ROOT_KEY_FILE": _is_root_key,
        "AUDIT_SIGNING_KEY_FILE": lambda text: text.lstrip().startswith(b"-----BEGIN PRIVATE KEY-----"),
        "SECRET_KEY_FILE": lambda text: len(text.strip()) >= 50,
    }
    for name, is_well_formed in checks.items():
        if not environment.get(name):
            continue
        text = _read_private(name, Path(environment[name]))
        if not is_well_formed(text):
            raise SettingsError(
                f"{name} does not hold a key of the expected form.",
                remedy="`python -m kernel.launcher keys DIR` makes a good set.",
            )


def _is_root_key(text: bytes) -> bool:
    try:
        return len(bytes.fromhex(text.decode("ascii").strip())) == 32
    except ValueError:
        return False


def _read_private(name: str, path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{name} cannot be read: {os.strerror(error.errno or 0)}.", remedy="Correct the path or the permissions."
        ) from None
    if mode & (stat.S_IWGRP | stat.S_IRWXO):
        raise SettingsError(f"{name} is open to other users.", remedy="chmod 600 the file.")
    return text


def _split(name: str, url: str) -> SplitResult:
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError:
        raise SettingsError(f"{name} is not an address.", remedy="Percent-encode special characters in it.") from None
    return address
