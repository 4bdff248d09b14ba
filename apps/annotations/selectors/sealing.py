"""Sealers under a subject's secret, and the free text of readers, which may name anything."""

from __future__ import annotations

import uuid

from apps.annotations.domain.sealing import BrokenSealError, Sealer
from kernel.keys.derive import derive
from kernel.keys.errors import KeyDestroyedError, SealBrokenError
from kernel.keys.services import key_secret


def annotation_keys(subject_key_id: uuid.UUID, annotation_id: uuid.UUID) -> tuple[Sealer, bytes]:
    """What seals an annotation's payloads, and the key of its plane digests.

    The digest key is the subject's, so that equal planes of two reads have equal digests. Raises `KeyDestroyedError`.
    """
    secret = key_secret(subject_key_id)
    return Sealer(derive(secret, f"annotation {annotation_id}")), derive(secret, "label digests")


def open_sealed(sealer: Sealer, place: str, sealed: bytes | memoryview) -> bytes:
    """The plaintext. Raises `SealBrokenError`."""
    try:
        return sealer.open(place, bytes(sealed))
    except BrokenSealError:
        raise SealBrokenError() from None


def seal_text(subject_key_id: uuid.UUID, place: str, text: str) -> bytes:
    """Free text sealed for a place, such as "tasks.rationale:<read id>"; b"" for none. Raises `KeyDestroyedError`."""
    if not text:
        return b""
    return Sealer(derive(key_secret(subject_key_id), "free text")).seal(place, text.encode())


def open_text(subject_key_id: uuid.UUID, place: str, sealed: bytes | memoryview) -> str:
    """What `seal_text` sealed; "" once the subject was erased. Raises `SealBrokenError`."""
    if not sealed:
        return ""
    try:
        secret = key_secret(subject_key_id)
    except KeyDestroyedError:
        return ""
    return open_sealed(Sealer(derive(secret, "free text")), place, sealed).decode()
