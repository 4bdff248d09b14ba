"""The text of an API token: `fid_<tenant>_<secret>`. The tenant part says where to look; the secret is 256 random bits."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from dataclasses import dataclass

PREFIX = "fid"


@dataclass(frozen=True)
class TokenText:
    """A token taken apart."""

    tenant_id: uuid.UUID
    digest: str


def make(tenant_id: uuid.UUID) -> tuple[str, str]:
    """A new token and the digest to keep."""
    text = f"{PREFIX}_{_encoded(tenant_id.bytes)}_{_encoded(secrets.token_bytes(32))}"
    return text, _digest(text)


def parse(text: str) -> TokenText | None:
    """The parts of a token, or None when it is not one of ours."""
    parts = text.split("_")
    if len(parts) != 3 or parts[0] != PREFIX:
        return None
    try:
        tenant_id = uuid.UUID(bytes=base64.b32decode(parts[1].upper() + "=" * (-len(parts[1]) % 8)))
    except ValueError:
        return None
    return TokenText(tenant_id, _digest(text))


def _encoded(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
