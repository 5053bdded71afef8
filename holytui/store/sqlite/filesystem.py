"""The file system of a path by Linux's mount table; treated as local elsewhere."""

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
    """Whether writes from two machines at once corrupt a SQLite file.

    On these file systems a lock excludes processes of the same machine only, or each machine reads from a stale cache.
    """
    return filesystem in _SINGLE_HOST


def filesystem_of(path: Path, mountinfo: str) -> str:
    """Return the file system type of `path` (absolute); `""` if unknown.

    `mountinfo` is the text of /proc/self/mountinfo (proc(5)): field 5 is the mount point, the type follows a lone `-`.
    The longest mount point wins; of two equal ones, the later.
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
    """Return the kernel's mount table; `""` if there is none."""
    try:
        return Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def _unescape(name: str) -> str:
    raw = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), name)
    return raw.replace("\0", "")
