"""Addresses of the other side, and the command lines of ssh."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from holytui.errors import SyncError
from holytui.sync.address import FolderAddress, SshAddress, parse, resolve
from holytui.sync.ssh import command_line, remote_command


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ssh://laptop", SshAddress("laptop")),
        ("ssh://me@laptop:2222/srv/chat", SshAddress("laptop", "me", 2222, "/srv/chat")),
        ("ssh://laptop/~/chat%20s", SshAddress("laptop", path="~/chat s")),
        ("ssh://[::1]/", SshAddress("::1")),
        ("/mnt/usb", FolderAddress(Path("/mnt/usb"))),
        ("./here", FolderAddress(Path("here"))),
    ],
)
def test_addresses(text: str, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("ssh://-oProxyCommand=x", "ssh://-l@host", "ssh://a:b@host", "ssh://", "ssh://host:x", "http://host"),
        *("ssh://h`x`", "ssh://a%0ab@host", "ssh://host/a%0ab", "ssh://host?x", "ssh://$(x)@host"),
    ],
)
def test_addresses_that_are_refused(text: str) -> None:
    with pytest.raises(SyncError, match="no address"):
        parse(text)


def test_names_are_those_of_the_configuration() -> None:
    targets = {"laptop": "ssh://me@laptop"}
    assert resolve("laptop", targets) == SshAddress("laptop", "me")
    with pytest.raises(SyncError, match="No sync target is named labtop") as raised:
        resolve("labtop", targets)
    assert "laptop" in raised.value.hint
    with pytest.raises(SyncError) as raised:
        resolve("x", {})
    assert "[sync.targets]" in raised.value.hint


def test_the_destination_comes_after_all_options() -> None:
    line = command_line(SshAddress("host", "me", 22, "a b'c"), "", interactive=False)
    at = line.index("--")
    assert line[at + 1] == "me@host"
    assert len(line) == at + 3
    assert "BatchMode=yes" in line[:at]
    assert line[at - 2 : at] == ["-p", "22"]
    assert "BatchMode=yes" not in command_line(SshAddress("host"), "", interactive=True)


def test_the_remote_shell_gets_the_path_as_one_word() -> None:
    assert shlex.split(remote_command("~/a b'$(x)", "nice holytui")) == [
        *("nice", "holytui", "history", "sync", "--serve", "--", "~/a b'$(x)"),
    ]
    (*_words, script) = shlex.split(remote_command("a b'c", ""))
    assert shlex.quote("a b'c") in script
    assert ".local/bin/holytui" in script
