"""`holytui history sync|hosts|share`, with a program in the place of ssh that runs the command here."""

from __future__ import annotations

import io
import json
import os
import platform
import sys
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.commands.history.sync import watch
from holytui.config.load import load
from holytui.store.sqlite.history import SqliteHistory
from tests.store.samples import add_rich_conversation


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    program.chmod(0o700)
    holytui = program.with_name("holytui")
    holytui.write_text(f'#!/bin/sh\nexec {sys.executable} -m holytui "$@"\n')
    holytui.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "here"))
    return tmp_path / "here" / "history.db"


def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    place = tmp_path / "config.toml"
    place.write_text(text)
    monkeypatch.setenv("HOLYTUI_CONFIG", str(place))


def test_a_named_target_is_synced(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there" / "history.db"
    with SqliteHistory(here) as history:
        talk = add_rich_conversation(history)
    configured(tmp_path, monkeypatch, f'[sync.targets]\nlaptop = "ssh://me@laptop{there.parent}"\n')
    assert main(["history", "sync", "laptop", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["target"], done["sent"]) == ("laptop", {"conversations": 1, "messages": 4})
    with SqliteHistory(there) as history:
        assert history.conversation(talk) is not None
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(there.parent))
    assert main(["history", "show", talk]) == 0
    assert f" · from {platform.node()}\n" in capsys.readouterr().out
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(here.parent))
    assert main(["history", "show", talk]) == 0
    assert " · from " not in capsys.readouterr().out
    assert main(["history", "hosts", "--json"]) == 0
    (own,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()][:1]
    assert own["is_self"]
    assert own["changes"] >= 4  # one for each message at least


def test_all_targets_are_synced_and_failures_are_reported(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stick").mkdir()
    targets = f'gone = "{tmp_path / "gone"}"\nstick = "{tmp_path / "stick"}"\n'
    configured(tmp_path, monkeypatch, f"[sync.targets]\n{targets}")
    with SqliteHistory(here) as history:
        add_rich_conversation(history)
    assert main(["history", "sync"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [("gone" in line, "sent 4 messages in 1 conversation" in line) for line in lines] == [
        (True, False),
        (False, True),
    ]


def test_without_a_target_the_use_is_explained(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "sync"]) == 2
    assert "[sync.targets]" in capsys.readouterr().err
    assert main(["history", "sync", "laptop"]) == 2
    assert "No sync target is named laptop" in capsys.readouterr().err


def test_a_wrong_address_in_the_configuration_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(tmp_path, monkeypatch, '[sync.targets]\n"a b" = "ssh://x"\nc = "http://x"\nd = "ssh://x"\n')
    loaded = load()
    assert dict(loaded.config.sync.targets) == {"d": "ssh://x"}
    assert [problem.line for problem in loaded.problems] == [2, 3]


def test_targets_that_others_can_change_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(tmp_path, monkeypatch, '[sync.targets]\nd = "ssh://x"\n')
    assert load().config.sync.targets
    (tmp_path / "config.toml").chmod(0o666)
    loaded = load()
    assert not loaded.config.sync.targets
    assert "[sync] is not used" in str(loaded.problems[0])


def test_a_conversation_is_kept_here_or_shared(here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SqliteHistory(here) as history:
        talk = add_rich_conversation(history)
    (tmp_path / "stick").mkdir()
    assert main(["history", "share", talk, "--off"]) == 0
    assert "stays on this machine" in capsys.readouterr().out
    assert main(["history", "sync", str(tmp_path / "stick")]) == 0
    assert "nothing new" in capsys.readouterr().err
    assert main(["history", "share", "last", "--on"]) == 0
    assert main(["history", "sync", str(tmp_path / "stick")]) == 0
    assert "sent 4 messages" in capsys.readouterr().err


def test_a_broken_request_ends_the_answering_side(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"nonsense\n")))
    assert main(["history", "sync", "--serve"]) == 1
    out = capsysbinary.readouterr().out.splitlines()
    assert json.loads(out[0])["holytui"] == "sync"
    assert "error" in json.loads(out[1])


class _Ended(Exception):
    pass


def test_watching_syncs_after_a_change_and_after_the_interval(here: Path) -> None:
    now = 0.0
    done: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        if now == 3.0:
            history.create_conversation(title="new")
        if now > 70.0:
            raise _Ended

    with SqliteHistory(here) as history, pytest.raises(_Ended):
        watch(history, lambda: done.append(now), 60.0, sleep, lambda: now)
    assert done == [0.0, 3.0, 63.0]
