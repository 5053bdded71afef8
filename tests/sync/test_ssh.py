"""The system's own ssh, against a server of its own on this machine."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holytui.errors import SyncError
from holytui.sync import run as sync_run
from holytui.sync.address import SshAddress
from holytui.sync.run import Options
from holytui.sync.ssh import connect
from tests.store.samples import add_rich_conversation
from tests.sync.conftest import OpenHistory
from tests.sync.pairs import digest

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
SSH = shutil.which("ssh")
COMMAND = f"{sys.executable} -m holytui"

pytestmark = pytest.mark.skipif(SSHD is None or SSH is None, reason="sshd or ssh is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A server with keys of its own; its port, and a folder with an `ssh` that knows it."""
    folder = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nPidFile {folder / 'pid'}\nUsePAM no\n"
        f"AuthorizedKeysFile {folder / 'authorized'}\nStrictModes no\nPermitRootLogin yes\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
    )
    user = folder / "ssh_config"
    known = (folder / "host.pub").read_text().split()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {known[0]} {known[1]}\n")
    user.write_text(f"IdentityFile {folder / 'user'}\nIdentitiesOnly yes\nUserKnownHostsFile {folder / 'known'}\n")
    program = folder / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {SSH} -F {user} "$@"\n')
    program.chmod(0o700)
    with subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(config)], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        if "listening" not in first:
            process.kill()
            pytest.skip(f"sshd does not run here: {first}")
        yield port, program
        process.terminate()


def address(port: int, path: str = "") -> SshAddress:
    return SshAddress("127.0.0.1", getpass.getuser(), port, path)


def test_a_sync_over_ssh(
    opener: OpenHistory, server: tuple[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, program = server
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    one, two = opener("one"), opener("a b")
    talks = [add_rich_conversation(one), add_rich_conversation(two)]
    place = address(port, str(tmp_path / "a b"))
    report = sync_run.run(one, place, Options(COMMAND, verify=True))
    assert (report.progress.received.messages, report.progress.sent.messages) == (4, 4)
    assert [one.bundle(talk) for talk in talks] == [two.bundle(talk) for talk in talks]
    assert digest(one) == digest(two)


def test_what_goes_wrong_over_ssh_is_explained(
    opener: OpenHistory, server: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, program = server
    one = opener("one")

    def failure(place: SshAddress, command: str) -> tuple[str, list[str]]:
        lines: list[str] = []
        opened = connect(place, command, interactive=False, on_stderr=lines.append, program=str(program))
        with pytest.raises(SyncError) as raised, opened:
            pass
        return str(raised.value), lines

    assert "was not found on 127.0.0.1" in failure(address(port), "/nowhere/holytui")[0]
    assert "Upgrade holytui on 127.0.0.1" in failure(address(port), "exit 2;")[0]
    text, lines = failure(address(port), "printf 'bad\\033[31m\\n' >&2; exit 1;")
    assert "bad" in text
    assert lines
    assert "\x1b" not in text + "".join(lines)
    assert "was not reached by ssh" in failure(SshAddress("127.0.0.1", "nobody-at-all", port), COMMAND)[0]
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SyncError, match="ssh could not be started"):
        sync_run.run(one, address(port), Options())
