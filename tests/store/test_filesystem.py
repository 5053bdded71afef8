from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.store.sqlite.filesystem import filesystem_of, is_network, read_mountinfo
from tests.store.conftest import Opener

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:26 / /home rw shared:5 - nfs4 server:/home rw,vers=4.2
31 30 0:27 / /home/me/local rw - xfs /dev/sdb1 rw
32 22 0:28 / /mnt/with\\040space\\011tab rw master:1 - cifs //server/share rw
33 22 0:29 / /mnt/twice rw - ext4 /dev/sdc1 rw
34 22 0:30 / /mnt/twice rw - fuse.sshfs me@host: rw
broken line
35 22 0:31 / /tmp
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/passwd", "ext4"),
        ("/home/me/.local/share/holytui", "nfs4"),
        ("/home/me/local/holytui", "xfs"),
        ("/homely/file", "ext4"),
        ("/mnt/with space\ttab/file", "cifs"),
        ("/mnt/twice/file", "fuse.sshfs"),
        ("/tmp/file", "ext4"),
    ],
)
def test_the_longest_mount_point_tells_the_file_system(path: str, expected: str) -> None:
    assert filesystem_of(Path(path), MOUNTS) == expected


def test_without_a_table_nothing_is_known_and_taken_for_local() -> None:
    assert filesystem_of(Path("/x"), "") == ""
    assert not is_network("")


@pytest.mark.parametrize("name", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "lustre", "gpfs", "9p", "ceph"])
def test_network_file_systems_are_known(name: str) -> None:
    assert is_network(name)
    assert not is_network("ext4")


@pytest.mark.parametrize(("name", "said"), [("nfs4", "but safely"), ("fuse.sshfs", "from one machine at a time")])
def test_a_network_file_system_is_told(opener: Opener, path: Path, name: str, said: str) -> None:
    history = opener(mountinfo=lambda: f"1 0 0:1 / / rw - {name} me@host: rw")
    assert (history.mode.journal, history.mode.synchronous) == ("delete", "FULL")
    assert any(name in warning and said in warning for warning in history.warnings)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_table_is_too_odd_to_read(text: str) -> None:
    assert isinstance(filesystem_of(Path("/home/me"), text), str)


def test_this_machine_has_one() -> None:
    assert filesystem_of(Path("/").resolve(), read_mountinfo()) != "" or read_mountinfo() == ""
