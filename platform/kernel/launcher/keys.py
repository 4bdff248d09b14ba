"""The three secrets a machine needs, made once and never overwritten."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def ensure_keys(directory: Path) -> dict[str, str]:
    """Create what is missing in `directory` (mode 0700) and return the settings that name the files (mode 0600).

    ROOT_KEY_FILE: 32 random bytes in hex. AUDIT_SIGNING_KEY_FILE: an Ed25519 key, PKCS 8 PEM. SECRET_KEY_FILE: text.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        "ROOT_KEY_FILE": ("root.hex", lambda: secrets.token_hex(32).encode()),
        "AUDIT_SIGNING_KEY_FILE": ("audit-ed25519.pem", _signing_key),
        "SECRET_KEY_FILE": ("django-secret", lambda: secrets.token_urlsafe(64).encode()),
    }
    for name, make in files.values():
        _write_once(directory / name, make)
    return {variable: str(directory / name) for variable, (name, _) in files.items()}


def _signing_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_once(path: Path, make: Callable[[], bytes]) -> None:
    if path.exists():
        return
    # Linked into place when complete: a crash leaves no half key, and a second launcher cannot replace the first one's.
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(make())
        handle.flush()
        os.fsync(handle.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
