"""Whose files are: others on this machine must not write what holytui follows, nor read what it keeps for itself."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path


def is_owned_by_other(status: os.stat_result) -> bool:
    """It belongs to neither the user nor root, who may do anything anyway."""
    return status.st_uid not in (0, os.getuid())


def is_writable_by_others(status: os.stat_result) -> bool:
    """Others can change it. A group that has no member but its owner, as many systems make for each user, is no other:
    its files are writable for the group by default."""
    mode = stat.S_IMODE(status.st_mode)
    return bool(mode & stat.S_IWOTH or (mode & stat.S_IWGRP and not _is_own_group(status)))


def is_readable_by_others(status: os.stat_result) -> bool:
    """Others can read it, or change it."""
    mode = stat.S_IMODE(status.st_mode)
    return bool(mode & 0o007 or (mode & 0o070 and not _is_own_group(status)))


def shell_command(command: str, path: Path | str) -> str:
    """`command` for `path`, as it is typed into a shell."""
    return f"{command} {shlex.quote(str(path))}"


def _is_own_group(status: os.stat_result) -> bool:
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(status.st_gid), pwd.getpwuid(status.st_uid)
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
