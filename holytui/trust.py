"""Whose files are: others on this machine must not write what holytui follows, nor read what it keeps for itself."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path


def of_another(about: os.stat_result) -> bool:
    """It belongs to neither the user nor root, who may do anything anyway."""
    return about.st_uid not in (0, os.getuid())


def others_write(about: os.stat_result) -> bool:
    """Others can change it. A group that has no member but its owner, as many systems make for each user, is no other:
    its files are writable for the group by default."""
    mode = stat.S_IMODE(about.st_mode)
    return bool(mode & stat.S_IWOTH or (mode & stat.S_IWGRP and not _is_own_group(about)))


def others_read(about: os.stat_result) -> bool:
    """Others can read it, or change it."""
    mode = stat.S_IMODE(about.st_mode)
    return bool(mode & 0o007 or (mode & 0o070 and not _is_own_group(about)))


def shell(command: str, path: Path | str) -> str:
    """`command` for `path`, as it is typed into a shell."""
    return f"{command} {shlex.quote(str(path))}"


def _is_own_group(about: os.stat_result) -> bool:
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(about.st_gid), pwd.getpwuid(about.st_uid)
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
