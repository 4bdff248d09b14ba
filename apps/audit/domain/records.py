"""The canonical bytes of an event and of a checkpoint: what is hashed and what is signed.

Canonical form: a kind and version line, then JSON with sorted keys, no spaces, UTF-8 (the subset of RFC 8785 that strings,
integers, booleans and null need; no floats).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

EVENT_KIND = b"fiducial-audit-event/1\n"
CHECKPOINT_KIND = b"fiducial-audit-checkpoint/1\n"

EVENT_FIELDS = (
    "id", "tenant_id", "recorded_at", "actor_kind", "actor_id", "token_id", "action", "object_kind", "object_id",
    "object_label", "subject_pseudonym", "outcome", "source", "request_id", "digest_before", "digest_after", "details",
)  # fmt: skip


def event_bytes(event: Mapping[str, Any]) -> bytes:
    """The canonical bytes of an event given by `EVENT_FIELDS`, all plain JSON values."""
    return EVENT_KIND + _canonical({name: event[name] for name in EVENT_FIELDS})


@dataclass(frozen=True)
class CheckpointRecord:
    """That a tenant's log had `size` events with this root, after the checkpoint whose digest is `previous`."""

    tenant_id: str
    number: int
    size: int
    root: str
    previous: str
    sealed_at: str

    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        return CHECKPOINT_KIND + _canonical(vars(self))

    @property
    def digest(self) -> str:
        """SHA-256 of the signed bytes, hex; the next checkpoint names it."""
        return hashlib.sha256(self.signed_bytes()).hexdigest()


def sign(record: CheckpointRecord, key: Ed25519PrivateKey) -> str:
    """Ed25519 (RFC 8032) over the canonical bytes, base64."""
    return base64.b64encode(key.sign(record.signed_bytes())).decode()


def signature_is_good(record: CheckpointRecord, signature: str, key: Ed25519PublicKey) -> bool:
    """Whether this key signed this record."""
    try:
        key.verify(base64.b64decode(signature), record.signed_bytes())
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
