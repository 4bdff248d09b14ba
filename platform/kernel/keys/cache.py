"""Unwrapped secrets, kept for a short while in this process only."""

from __future__ import annotations

import threading
import time
import uuid

TTL_S = 30.0
_CAPACITY = 4096


class SecretCache:
    """Secrets by (tenant, key row), each forgotten `ttl_s` seconds after it was unwrapped. Safe between threads."""

    def __init__(self, ttl_s: float = TTL_S, capacity: int = _CAPACITY) -> None:
        self._ttl_s = ttl_s
        self._capacity = capacity
        self._lock = threading.Lock()
        self._entries: dict[tuple[uuid.UUID, uuid.UUID], tuple[float, bytes]] = {}

    def __repr__(self) -> str:
        return f"<SecretCache of {len(self._entries)}>"

    def get(self, tenant_id: uuid.UUID, key_id: uuid.UUID) -> bytes | None:
        """The secret, if it was put here less than the time to live ago."""
        with self._lock:
            entry = self._entries.get((tenant_id, key_id))
            if entry is None:
                return None
            if entry[0] < time.monotonic():
                del self._entries[(tenant_id, key_id)]
                return None
            return entry[1]

    def put(self, tenant_id: uuid.UUID, key_id: uuid.UUID, secret: bytes) -> None:
        with self._lock:
            if len(self._entries) >= self._capacity:
                self._entries.clear()
            self._entries[(tenant_id, key_id)] = (time.monotonic() + self._ttl_s, secret)

    def forget(self, tenant_id: uuid.UUID, key_id: uuid.UUID) -> None:
        """Drop one secret: it was destroyed."""
        with self._lock:
            self._entries.pop((tenant_id, key_id), None)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


secrets_in_memory = SecretCache()
