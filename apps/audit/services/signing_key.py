"""The key that signs checkpoints: an Ed25519 key in a file only the sealer's process needs to read."""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from apps.audit.domain.records import key_id
from kernel.errors import ConfigurationError


@lru_cache(maxsize=1)
def private_key() -> Ed25519PrivateKey:
    """The signing key. Raises `ConfigurationError` when AUDIT_SIGNING_KEY_FILE holds none."""
    path = Path(settings.AUDIT_SIGNING_KEY_FILE)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError):
        raise ConfigurationError(
            "AUDIT_SIGNING_KEY_FILE holds no readable Ed25519 key: make one with `openssl genpkey -algorithm ed25519`."
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError("AUDIT_SIGNING_KEY_FILE must hold an Ed25519 key.")
    return key


def trusted_keys() -> dict[str, Ed25519PublicKey]:
    """The public keys checkpoints may be signed with, by key id."""
    public = private_key().public_key()
    return {key_id(public): public}


def statement_sign(statement: bytes) -> tuple[str, str]:
    """Sign a statement of the platform, such as a release: (base64 signature, key id). `statement` names its own kind first."""
    key = private_key()
    return base64.b64encode(key.sign(statement)).decode(), key_id(key.public_key())
