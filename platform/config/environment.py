"""What the environment says, read once, checked as a whole, with a remedy for each thing missing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from kernel.errors import ConfigurationError

_ENGINE = "kernel.tenancy.postgresql"
_DATABASES = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "system": "DATABASE_SYSTEM_URL"}


@dataclass(frozen=True)
class Environment:
    """The settings that differ from one place to another."""

    secret_key: str
    database_urls: Mapping[str, str]
    broker_url: str
    storage_url: str
    root_key_file: str
    audit_signing_key_file: str
    audit_anchor_dir: str
    public_url: str
    socket_url: str
    allowed_hosts: list[str]

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> Environment:
        """Read and check. Raises `ConfigurationError` naming everything that is missing, with the remedy."""
        required = [*_DATABASES.values(), "BROKER_URL", "STORAGE_URL", "ROOT_KEY_FILE", "AUDIT_SIGNING_KEY_FILE"]
        missing = [name for name in required if not env.get(name)]
        if not env.get("SECRET_KEY") and not env.get("SECRET_KEY_FILE"):
            missing.append("SECRET_KEY_FILE")
        if missing:
            raise ConfigurationError(
                f"missing settings: {', '.join(missing)}. Start through `make up`, which provides all of them, "
                "or set them as docs/operations.md describes."
            )
        urls = {alias: env[name] for alias, name in _DATABASES.items()}
        roles = [urlsplit(url).username for url in urls.values()]
        if len(set(roles)) != len(roles):
            raise ConfigurationError(
                "DATABASE_URL, DATABASE_OWNER_URL and DATABASE_SYSTEM_URL must name three different roles: "
                "the application may own no table and pass no policy."
            )
        if env["STORAGE_URL"].startswith("s3://") and not env.get("AWS_ACCESS_KEY_ID"):
            raise ConfigurationError("STORAGE_URL is S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY too.")
        public_url = env.get("PUBLIC_URL", "http://127.0.0.1:8000")
        host = urlsplit(public_url).hostname or "127.0.0.1"
        return cls(
            secret_key=env.get("SECRET_KEY") or _read_secret(env["SECRET_KEY_FILE"]),
            database_urls=urls,
            broker_url=env["BROKER_URL"],
            storage_url=env["STORAGE_URL"],
            root_key_file=env["ROOT_KEY_FILE"],
            audit_signing_key_file=env["AUDIT_SIGNING_KEY_FILE"],
            audit_anchor_dir=env.get("AUDIT_ANCHOR_DIR", ""),
            public_url=public_url,
            socket_url=env.get("SOCKET_URL", public_url),
            allowed_hosts=[*env.get("ALLOWED_HOSTS", host).split(","), "127.0.0.1", "localhost"],
        )

    @property
    def redis_url(self) -> str:
        """The broker's address as redis-py spells it (a socket is `unix://`, for Celery `redis+socket://`)."""
        return self.broker_url.replace("redis+socket://", "unix://")

    def database(self, alias: str, *, pool: dict[str, Any] | None = None) -> dict[str, Any]:
        """Django's settings for one of the three roles."""
        parts = urlsplit(self.database_urls[alias])
        query = parse_qs(parts.query)
        host = unquote(parts.hostname or "") or query.get("host", [""])[0]
        options: dict[str, Any] = {"application_name": f"fiducial-{alias}"}
        if "sslmode" in query:
            options["sslmode"] = query["sslmode"][0]
        if pool is not None:
            options["pool"] = pool
        return {
            "ENGINE": _ENGINE,
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": str(parts.port or query.get("port", [""])[0]),
            "CONN_MAX_AGE": 0,
            "OPTIONS": options,
            "TEST": {"MIRROR": None},
        }


def _read_secret(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError as error:
        raise ConfigurationError(
            f"SECRET_KEY_FILE cannot be read: {error.strerror}. Create it or fix its mode."
        ) from None
