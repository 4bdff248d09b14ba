"""Which side of a split a subject is on: decided once per subject, never per study or slice, so that nobody is on two."""

from __future__ import annotations

import hashlib

SIDES = ("train", "validation", "test")
_BOUNDS = (70, 85, 100)


def side_for(dataset_id: str, subject: str) -> str:
    """The side for a subject first seen: 70 / 15 / 15 by SHA-256 of dataset and pseudonym, independent of order."""
    value = (
        int.from_bytes(hashlib.sha256(f"fiducial-split/1\n{dataset_id}\n{subject}".encode()).digest()[:8], "big") % 100
    )
    return next(side for side, bound in zip(SIDES, _BOUNDS, strict=True) if value < bound)
