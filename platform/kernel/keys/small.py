"""Small secrets of the platform itself (TOTP seeds, OIDC client secrets), sealed directly under the root key."""

from __future__ import annotations

from kernel.keys.root import root_key

_PREFIX = b"FKS1"


def seal_secret(purpose: str, plaintext: bytes) -> bytes:
    """Seal a few bytes for `purpose`, such as "tenants.totp:<user id>"; they open for the same purpose only."""
    return _PREFIX + root_key().wrap(plaintext, _context(purpose))


def open_secret(purpose: str, sealed: bytes) -> bytes:
    """What `seal_secret` sealed. Raises `SealBrokenError` for other bytes, another purpose or another root key."""
    return root_key().unwrap(bytes(sealed).removeprefix(_PREFIX), _context(purpose))


def _context(purpose: str) -> bytes:
    return b"fiducial small secret\0" + purpose.encode()
