"""Sealing of what readers wrote: AES-256-GCM under a key derived from the subject's secret.

One key per purpose, a random 96-bit nonce per value (NIST SP 800-38D §8.2.2), the value's place as associated data:
a sealed plane moved to another slice, segment or revision does not open.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class BrokenSealError(ValueError):
    """The bytes are not the ones that were sealed for this place."""


class Sealer:
    """Seals and opens small values under one 32-byte key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return "<Sealer>"

    def seal(self, place: str, plaintext: bytes) -> bytes:
        """Nonce and sealed bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, place.encode())

    def open(self, place: str, sealed: bytes) -> bytes:
        """The plaintext. Raises `BrokenSealError`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise BrokenSealError("sealed bytes do not open") from None
