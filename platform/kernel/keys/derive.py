"""Keys derived from a secret. One secret, many labelled uses, none of which reveals another."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(secret: bytes, label: str, *, length: int = 32) -> bytes:
    """HKDF-SHA256 (RFC 5869) of `secret` with `label` as its info; `length` in bytes."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=b"fiducial " + label.encode()).derive(secret)


def keyed_digest(secret: bytes, label: str, value: bytes) -> str:
    """HMAC-SHA256 of `value` under a key derived for `label`, in hex: finds equal values, tells nobody else which."""
    return hmac.new(derive(secret, label), value, hashlib.sha256).hexdigest()
