"""Run by path with `python -I -S`: ties a command to its parent, optionally as an unprivileged user.

A separate program rather than a `preexec_fn`: code between fork and exec in a process that has threads can deadlock.
It imports nothing of the project, so that it starts in a few milliseconds.

    leash.py PARENT_PID SIGNAL keep|namespace|nobody GRACE_S COMMAND...

`namespace` maps the caller to uid 65534 in a user namespace of its own: PostgreSQL, which refuses to run as root, sees
an ordinary user, while the files keep their owner and no system user is created. `nobody` really changes the user, for
machines that refuse user namespaces.

The parent's death sends SIGNAL to the command (Linux). With GRACE_S 0 this process becomes the command. Otherwise it
stays as a guard, and GRACE_S seconds after the parent's death it kills the whole process group: for programs with
workers of their own, which a dead or deadlocked master would leave behind.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys
from types import FrameType

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
UNPRIVILEGED_ID = 65534
PARENT_DIED = signal.SIGUSR1


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


def guard(command: list[str], stop_signal: int, grace_s: float) -> None:
    """Run the command as a child, pass signals on, and end as it ends; end the group if the parent is gone."""
    guard_pid = os.getpid()
    child = os.fork()
    if child == 0:
        die_with_parent(guard_pid, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {PARENT_DIED})
        os.execvp(command[0], command)

    orphaned = False

    def pass_on(number: int, frame: FrameType | None) -> None:
        try:
            os.kill(child, number)
        except ProcessLookupError:
            pass  # it has just been waited for

    def begin_grace(number: int, frame: FrameType | None) -> None:
        nonlocal orphaned
        orphaned = True
        pass_on(stop_signal, frame)
        signal.setitimer(signal.ITIMER_REAL, grace_s)

    def kill_group(number: int, frame: FrameType | None) -> None:
        os.killpg(0, signal.SIGKILL)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, pass_on)
    signal.signal(PARENT_DIED, begin_grace)
    signal.signal(signal.SIGALRM, kill_group)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {PARENT_DIED})
    _, status = os.waitpid(child, 0)
    if orphaned:
        os.killpg(0, signal.SIGKILL)
    end_as(status)


def end_as(status: int) -> None:
    """End this process the way another one ended, by exit status or by signal."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    sys.exit(os.waitstatus_to_exitcode(status) % 256)


def main(arguments: list[str]) -> None:
    """Parse, tie, and become or guard the command."""
    parent_pid, stop_signal, identity, grace_s, *command = arguments
    if identity == "namespace":
        enter_user_namespace()
    elif identity == "nobody":
        become_nobody()
    # Last, because a change of user clears the death signal.
    if float(grace_s) > 0:
        signal.pthread_sigmask(signal.SIG_BLOCK, {PARENT_DIED})  # kept pending until the guard stands
        die_with_parent(int(parent_pid), PARENT_DIED)
        guard(command, int(stop_signal), float(grace_s))
    else:
        die_with_parent(int(parent_pid), int(stop_signal))
        os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
