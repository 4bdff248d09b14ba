"""What can go wrong with keys and sealed bytes. No message carries key material, plaintext or a person's data."""

from __future__ import annotations

from kernel.errors import DomainError


class KeyDestroyedError(DomainError):
    """The secret was destroyed on purpose: what it sealed is gone for good."""

    code = "key-destroyed"
    status = 410
    title = "This was erased"
    remedy = "Nothing can bring it back; the audit trail says who erased it, when and why."


class SealBrokenError(DomainError):
    """Sealed bytes do not open: changed, cut, moved to another place, or sealed under another key."""

    code = "seal-broken"
    status = 500
    title = "Stored bytes are damaged"
    remedy = "Restore them from a backup; do not use what can still be read of them."
