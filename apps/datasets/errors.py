"""Refusals of the room."""

from __future__ import annotations

from kernel.errors import ConflictError


class NothingSettledError(ConflictError):
    code = "nothing-settled"
    title = "No case of the project is settled yet"
    remedy = "A version takes in settled cases; finish at least one."


class IncompleteVersionError(ConflictError):
    code = "version-incomplete"
    title = "This version can no longer be rebuilt whole"
    remedy = "Make a new version without the erased subjects."
