"""What the launcher refuses to do, and whose move it is."""

from __future__ import annotations


class LauncherError(Exception):
    """Something outside the code prevents a start.

    `remedy` is one sentence that a person can act on without reading the source.
    """

    def __init__(self, detail: str, *, remedy: str) -> None:
        self.detail = detail
        self.remedy = remedy
        super().__init__(f"{detail} {remedy}")


class AlreadyRunningError(LauncherError):
    """Another launcher holds the data directory."""


class SettingsError(LauncherError):
    """Environment settings are missing or contradict each other."""


class ServiceError(LauncherError):
    """A service did not start, or died."""


class BackupError(LauncherError):
    """A backup is incomplete, damaged, not the one that belongs here, or did not come back whole."""
