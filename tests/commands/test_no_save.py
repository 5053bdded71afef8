"""`--no-save`: nothing of the chat is written to a disk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.errors import StoreError
from holytui.store import registry
from holytui.store.memory_folder import SHARED_MEMORY, make_memory_folder
from holytui.store.sqlite.filesystem import filesystem_of, read_mountinfo
from tests.ptys import Terminal
from tests.servers import DONE, READ, ScriptedServer, delta, event, sse_head

STRACE = shutil.which("strace")
MEMORY = "1 2 0:1 / /dev/shm rw - tmpfs tmpfs rw\n3 4 0:2 / / rw - ext4 /dev/sda rw\n"
DISK = "3 4 0:2 / / rw - ext4 /dev/sda rw\n"
in_memory = pytest.mark.skipif(
    filesystem_of(SHARED_MEMORY, read_mountinfo()) != "tmpfs", reason="/dev/shm is not in memory here"
)
ASKED, ANSWERED, DRAFTED, EDITED = "askedmarker", "answermarker", "draftmarker", "editmarker"


def mounted(tmp_path: Path, kind: str) -> str:
    return f"3 4 0:2 / / rw - ext4 /dev/sda rw\n1 2 0:1 / {tmp_path} rw - {kind} none rw\n"


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of /dev/shm."""
    monkeypatch.setattr("holytui.store.memory_folder.SHARED_MEMORY", tmp_path / "shm")
    (tmp_path / "shm").mkdir()
    return tmp_path / "shm"


def test_the_folder_is_private_and_only_in_memory(tmp_path: Path, shared: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir()
    with make_memory_folder({}, mounted(shared, "tmpfs")) as name:
        assert Path(name).parent == shared
        assert Path(name).stat().st_mode & 0o777 == 0o700
    assert not Path(name).exists()
    environ = {"XDG_RUNTIME_DIR": str(runtime)}
    with make_memory_folder(environ, mounted(runtime, "tmpfs")) as name:
        assert Path(name).parent == runtime
    for mounts in (mounted(shared, "ext4"), DISK, ""):
        with pytest.raises(StoreError, match="written to a disk"):
            make_memory_folder(environ, mounts)
    assert not [*shared.iterdir(), *runtime.iterdir()]


def test_folders_of_killed_processes_are_deleted_and_others_stay(shared: Path) -> None:
    first = make_memory_folder({}, mounted(shared, "tmpfs"))
    made = Path(first.name)
    dead = shared / made.name.replace(f"-{os.getpid()}-", "-4194305-")  # above the largest process id of Linux
    elsewhere = shared / re.sub("chat-[0-9a-f]{8}", "chat-00000000", dead.name)
    for folder in (made, dead, elsewhere):
        folder.mkdir(exist_ok=True)
        (folder / "history.db").touch()
    with make_memory_folder({}, mounted(shared, "tmpfs")) as name:
        assert {*shared.iterdir()} == {made, elsewhere, Path(name)}
    first.cleanup()


def test_a_temporary_history_writes_nothing_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.store.sqlite.spill.save", lambda *_parts: pytest.fail("written elsewhere"))
    history = registry.open_history(f"temporary://{tmp_path}/history.db")
    assert history.maintenance is not None
    monkeypatch.setattr(history._writer, "pending", lambda: pytest.fail("read to be written"))  # type: ignore[attr-defined]  # see above
    assert history.maintenance.save_pending() is None
    history.close()


def test_a_saved_conversation_cannot_be_opened(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--no-save", "-c", "last"])
    assert "leave out --conversation" in capsys.readouterr().err


def config_for(folder: Path, address: str) -> Path:
    file = folder / "config.toml"
    file.write_text(
        f'default_model = "test/model"\n[providers.test]\nbase_url = "{address}"\napi_key_env = "TEST_KEY"\n'
    )
    return file


def script(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o700)
    return file


def use(terminal: Terminal) -> None:
    """Ask, copy, page, edit and leave a draft."""
    terminal.wait_for("not saved")
    terminal.type(f"{ASKED}\r")
    terminal.wait_for(ANSWERED)
    terminal.wait_for("ready")
    terminal.type("\x1b[19~")  # copies the answer
    terminal.wait_for("sent to the terminal")
    terminal.type("\x1b[20~")  # opens the editor
    terminal.wait_for(EDITED)
    terminal.type(DRAFTED)
    terminal.wait_for(DRAFTED)
    terminal.type("\x03")
    terminal.wait_for("prompt cleared")
    terminal.type("\x04")
    assert terminal.wait_end(60) == 0


@in_memory
@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
def test_no_text_of_the_chat_is_written_to_a_disk(tmp_path: Path) -> None:
    assert STRACE is not None
    home, trace, seen = tmp_path / "mine", tmp_path / "trace", tmp_path / "seen"
    home.mkdir()
    editor = script(tmp_path, "editor", f'echo "$1" > {seen}; printf {EDITED} > "$1"')
    environ = {
        "HOME": str(home), "HOLYTUI_DATA_DIR": str(home / "data"), "TEST_KEY": "k", "EDITOR": str(editor), "VISUAL": "",
        "SSH_CONNECTION": "1 2 3 4", "TMUX": "", "HOLYTUI_LOG": "debug",
    }  # fmt: skip
    for name in ("XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        environ[name] = ""
    answer = [sse_head(), event(delta(f"{ANSWERED} is all", finish="stop")), DONE]
    with ScriptedServer([READ, *answer], [READ, *answer]) as server:
        command = [
            STRACE, "-f", "-y", "--seccomp-bpf", "-s", "1000000", "-o", str(trace),
            "-e", "trace=write,pwrite64,writev,pwritev,rename,renameat,renameat2",
            sys.executable, "-m", "holytui", "--no-save", "--config", str(config_for(tmp_path, server.base_url)),
        ]  # fmt: skip
        with Terminal(command, env=environ) as terminal:
            use(terminal)
    written: dict[str, set[str]] = {}
    for line in trace.read_text(errors="replace").splitlines():
        found = re.search(r"(?:p?writev?(?:64)?)\(\d+<([^>]*)>", line)
        for marker in (ASKED, ANSWERED, DRAFTED, EDITED) if found else ():
            if marker in line:
                written.setdefault(marker, set()).add(found[1])  # type: ignore[index]  # tested above
    for marker in (ASKED, ANSWERED):
        assert any(place.startswith("/dev/shm/") for place in written[marker]), "the trace shows what is written"
    others = {place for places in written.values() for place in places if not place.startswith("/dev/shm/")}
    assert not [place for place in others if not re.match(r"/dev/(pts/|tty|ptmx)|socket:|pipe:|TCP", place)]
    assert not [file for file in home.rglob("*") if file.is_file() and _has_marker(file)]
    edited = Path(seen.read_text().strip())
    assert edited.parts[:3] == ("/", "dev", "shm")
    assert not edited.parent.exists()


def _has_marker(file: Path) -> bool:
    data = file.read_bytes()
    return any(marker.encode() in data for marker in (ASKED, ANSWERED, DRAFTED, EDITED))


@in_memory
def test_plain_mode_says_that_nothing_is_saved_and_saves_nothing(tmp_path: Path) -> None:
    environ = {**os.environ, "HOLYTUI_DATA_DIR": str(tmp_path / "data"), "TEST_KEY": "k"}
    answer = [sse_head(), event(delta(ANSWERED, finish="stop")), DONE]
    with ScriptedServer([READ, *answer]) as server:
        command = [sys.executable, "-m", "holytui", "--plain", "--no-save"]
        command += ["--config", str(config_for(tmp_path, server.base_url))]
        done = subprocess.run(command, input=f"{ASKED}\n", env=environ, capture_output=True, text=True, check=True)
    assert ANSWERED in done.stdout
    assert "nothing of this chat is saved" in done.stdout
    assert not (tmp_path / "data").exists()
