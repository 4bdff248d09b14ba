"""UUIDv7 (RFC 9562 §5.7): primary keys that sort by the time they were made, from Python so that any PostgreSQL serves."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last_ns = 0


def uuid7() -> uuid.UUID:
    """A new UUIDv7; strictly increasing inside one process (RFC 9562 §6.2, method 3: sub-millisecond clock bits)."""
    global _last_ns
    with _lock:
        now_ns = max(time.time_ns(), _last_ns + 250)
        _last_ns = now_ns
    milliseconds, remainder_ns = divmod(now_ns, 1_000_000)
    fraction = remainder_ns * 4096 // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62
    return uuid.UUID(int=value | int.from_bytes(os.urandom(8), "big") >> 2)
