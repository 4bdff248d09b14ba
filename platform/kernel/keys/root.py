"""The root key: the one secret that lives outside the database. It only ever wraps other keys."""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.module_loading import import_string

from kernel.errors import ConfigurationError
from kernel.keys.errors import SealBrokenError

_NONCE_BYTES = 12


class RootKey(Protocol):
    """What a key management service offers: it wraps and unwraps, and the key never leaves it.

    `context` is authenticated, not encrypted ("encryption context" of AWS KMS, "additional authenticated data" of
    Google Cloud KMS): what was wrapped for one place does not open in another.
    """

    @property
    def key_id(self) -> str:
        """Names the key version that wraps now; stored beside what it wrapped."""
        ...

    def wrap(self, plaintext: bytes, context: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Raises `SealBrokenError` when the key, the context or the bytes are not the ones that were wrapped."""
        ...


class AesGcmKey:
    """A 256-bit key that wraps other keys: AES-256-GCM under a random nonce (NIST SP 800-38D §8.2.2)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return "<AesGcmKey>"

    def wrap(self, plaintext: bytes, context: bytes) -> bytes:
        """Nonce followed by the sealed bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The plaintext. Raises `SealBrokenError`."""
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise SealBrokenError("A wrapped key does not open.") from None


class FileRootKey:
    """A root key from a file of 64 hexadecimal digits, readable by its owner only."""

    def __init__(self, path: str | Path) -> None:
        key = _read(Path(path))
        self._key = AesGcmKey(key)
        self._key_id = "file:" + hashlib.sha256(b"fiducial root key id\0" + key).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"<FileRootKey {self._key_id}>"

    @property
    def key_id(self) -> str:
        return self._key_id

    def wrap(self, plaintext: bytes, context: bytes) -> bytes:
        return self._key.wrap(plaintext, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        return self._key.unwrap(wrapped, context)


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise ConfigurationError(
            "ROOT_KEY_FILE cannot be read as hexadecimal digits. "
            "Name the file the launcher made, or restore it from its backup."
        ) from None
    if len(key) != 32:
        raise ConfigurationError("ROOT_KEY_FILE must hold 32 bytes as 64 hexadecimal digits.")
    return key


@functools.cache
def root_key() -> RootKey:
    """The root key of this process.

    `ROOT_KEY_BACKEND` may name a class with the shape of `RootKey`, made from `ROOT_KEY_FILE` (a path or, for a key
    management service, the key's address); the default is the file.
    """
    backend = import_string(getattr(settings, "ROOT_KEY_BACKEND", "kernel.keys.root.FileRootKey"))
    made: RootKey = backend(settings.ROOT_KEY_FILE)
    return made
