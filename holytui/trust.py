"""Ownership and permissions of files: which ones other users of this machine can read or change."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path


def is_owned_by_other(status: os.stat_result) -> bool:
    """Whether the owner is neither the user nor root."""
    return status.st_uid not in (0, os.getuid())


def is_writable_by_others(status: os.stat_result) -> bool:
    """Whether other users can change the file.

    A private group of the owner, as many systems create for each user, does not count: their files are often
    group-writable by default.
    """
    mode = stat.S_IMODE(status.st_mode)
    return bool(mode & stat.S_IWOTH or (mode & stat.S_IWGRP and not _is_own_group(status)))


def is_readable_by_others(status: os.stat_result) -> bool:
    """Whether other users can read, change or execute the file, private groups of the owner excepted."""
    mode = stat.S_IMODE(status.st_mode)
    return bool(mode & 0o007 or (mode & 0o070 and not _is_own_group(status)))


def shell_command(command: str, path: Path | str) -> str:
    """Return `command` with the quoted `path` as its argument, for a shell."""
    return f"{command} {shlex.quote(str(path))}"


def _is_own_group(status: os.stat_result) -> bool:
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(status.st_gid), pwd.getpwuid(status.st_uid)
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
