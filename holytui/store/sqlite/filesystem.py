"""Which file system a path is on, by Linux's table of mounts; elsewhere it is taken for a local one."""

from __future__ import annotations

import re
from pathlib import Path

_NETWORK = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
        "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb2", "smb3", "smbfs",
    }
)  # fmt: skip
_SINGLE_HOST = frozenset({"fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"})
_ESCAPE = re.compile(r"\\([0-7]{3})")


def is_network(filesystem: str) -> bool:
    """Whether processes on other machines may see the same files."""
    return filesystem in _NETWORK


def is_single_host(filesystem: str) -> bool:
    """Whether two machines that write at the same time destroy a SQLite file: a lock that is taken on one keeps only
    its own processes out, or each reads from a cache of its own what the other has changed."""
    return filesystem in _SINGLE_HOST


def filesystem_of(path: Path, mountinfo: str) -> str:
    """The type of the file system that `path` (absolute) is on, `""` if the table does not say.

    `mountinfo` is the text of /proc/self/mountinfo (proc(5)): the fifth field is where it is mounted, the type
    follows a lone `-`. The longest mount point wins; of two at one point, the later lies on top.
    """
    parts = path.parts
    best, found = -1, ""
    for line in mountinfo.splitlines():
        before, dash, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if not dash or len(fields) < 5 or not kinds[0]:
            continue
        mounted = Path(_unescape(fields[4])).parts
        if len(mounted) >= best and parts[: len(mounted)] == mounted:
            best, found = len(mounted), kinds[0]
    return found


def read_mountinfo() -> str:
    """The kernel's table of mounts, `""` where there is none."""
    try:
        return Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def _unescape(name: str) -> str:
    raw = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), name)
    return raw.replace("\0", "")
