"""Keyed choices: the order in which reads are shown, and which cases are sampled for review."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable


def shown_order(key: bytes, read_ids: Iterable[str]) -> list[str]:
    """The reads of a case as A, B, …: the same order whenever asked, and no hint at who read first."""
    return sorted(read_ids, key=lambda read_id: hmac.new(key, f"shown {read_id}".encode(), hashlib.sha256).digest())


def is_sampled(key: bytes, case_id: str, share: float) -> bool:
    """Whether a case belongs to the `share` (0 to 1) of settled cases that are reviewed."""
    drawn = hmac.new(key, f"sample {case_id}".encode(), hashlib.sha256).digest()
    return int.from_bytes(drawn[:8], "big") < share * 2**64
