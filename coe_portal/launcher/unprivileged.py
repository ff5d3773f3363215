"""PostgreSQL refuses to run as root. These are the two ways to run it all the same when we are root, on Linux.

A user namespace is preferred: files of root inside it look like ours. Where it is forbidden (as in most containers)
the program runs as the user ``nobody`` and keeps one right of root, to reach folders that only root may enter.
"""

import ctypes
import os
from pathlib import Path

INSIDE_UID = 1000
NOBODY = 65534
PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 47, 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def leave_root(*, in_namespace: bool) -> None:
    """Become an ordinary user, in the child between fork and exec. Raises OSError where the system forbids it."""
    if in_namespace:
        _enter_namespace()
    else:
        _become_nobody()


def namespaces_work() -> bool:
    """Tried in a child, because a process that is half inside cannot come back."""
    child = os.fork()
    if child == 0:
        try:
            _enter_namespace()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def give(folder: Path, *, in_namespace: bool) -> None:
    """Let the folder belong to whom PostgreSQL will run as; it refuses any other owner."""
    owner = 0 if in_namespace else NOBODY
    if not folder.exists() or folder.stat().st_uid == owner:
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, owner, owner, follow_symlinks=False)


def _enter_namespace() -> None:
    os.unshare(os.CLONE_NEWUSER)  # type: ignore[attr-defined, unused-ignore]
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{INSIDE_UID} 0 1")
    Path("/proc/self/gid_map").write_text(f"{INSIDE_UID} 0 1")


def _become_nobody() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    kept = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)  # effective, permitted, inheritable; low and high words
    if libc.capset(header, sets) or libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0):
        raise OSError(ctypes.get_errno(), "the right to enter root's folders cannot be kept")
