"""Where the sockets live: a short, private directory that belongs to one data directory."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from kernel.launcher.errors import ServiceError

# sockaddr_un holds 108 bytes on Linux, 104 on macOS, with the closing zero; the longest name is PostgreSQL's.
PATH_LIMIT_BYTES = 103
LONGEST_NAME = ".s.PGSQL.5432.lock"


def socket_directory(data_dir: Path) -> Path:
    """The path of the directory for the sockets of `data_dir`; nothing is created.

    The name is a digest of the data directory, so that it stays short however deep the data lie, and the same on every
    start.
    """
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]
    directory = Path(tempfile.gettempdir()) / f"fid-{digest}"
    if len(os.fsencode(directory / LONGEST_NAME)) > PATH_LIMIT_BYTES:
        directory = Path("/tmp") / f"fid-{digest}"
    return directory


def create_private(directory: Path) -> None:
    """Create the socket directory with mode 0700. Raises ServiceError if somebody else owns it."""
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or (status.st_uid != os.geteuid() and os.geteuid() != 0):
        raise ServiceError(
            "The socket directory belongs to another user.",
            remedy=f"Remove {directory}, or choose another --data-dir.",
        )
    directory.chmod(0o700)


def remove_if_empty(directory: Path) -> None:
    """Remove the socket directory when the last server that used it has gone."""
    try:
        directory.rmdir()
    except OSError:
        pass  # the other server still listens in it
