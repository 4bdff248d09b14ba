"""Run by path with `python -I -S`: ties a command to its parent, optionally as an unprivileged user, and becomes it.

A separate program rather than a `preexec_fn`: code between fork and exec in a process that has threads can deadlock.
It imports nothing of the project, so that it starts in a few milliseconds.

    leash.py PARENT_PID SIGNAL keep|namespace|nobody COMMAND...

`namespace` maps the caller to uid 65534 in a user namespace of its own: PostgreSQL, which refuses to run as root, sees
an ordinary user, while the files keep their owner and no system user is created. `nobody` really changes the user, for
machines that refuse user namespaces. The parent's death sends SIGNAL to the command (Linux).
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
UNPRIVILEGED_ID = 65534


def enter_user_namespace() -> None:
    """Become uid and gid 65534 of a namespace whose only user is the caller.

    Raises OSError where the kernel or a container's seccomp profile refuses namespaces.
    """
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{UNPRIVILEGED_ID} {uid} 1"),
        ("gid_map", f"{UNPRIVILEGED_ID} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as handle:
            handle.write(text)


def become_nobody() -> None:
    """Drop root for the system's `nobody`, groups included."""
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def die_with_parent(parent_pid: int, signal_number: int) -> None:
    """Ask the kernel for SIGNAL when the parent dies; leave at once if it died before we could ask."""
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent_pid:
        sys.exit(70)


def main(arguments: list[str]) -> None:
    """Parse, tie, and replace this process by the command."""
    parent_pid, signal_number, identity, *command = arguments
    if identity == "namespace":
        enter_user_namespace()
    elif identity == "nobody":
        become_nobody()
    die_with_parent(int(parent_pid), int(signal_number))  # last: a change of user clears the death signal
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
