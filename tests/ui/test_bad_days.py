"""The real program when its history cannot be had, or not any more."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from holytui.bootstrap import open_services
from holytui.config.load import read_config
from holytui.errors import StoreFull
from holytui.store.sqlite import schema
from holytui.store.sqlite.history import SqliteHistory
from tests.ptys import Terminal

READY = "Ask anything"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "history.db"


@pytest.mark.parametrize("setting", [{"HOME": "/proc/nobody"}, {"HOLYTUI_DATA_DIR": "/proc/nobody"}])
def test_without_a_place_for_it_the_history_is_in_memory_and_that_is_said(
    setting: dict[str, str], tmp_path: Path
) -> None:
    with Terminal.holytui(env=setting, cols=140) as terminal:
        terminal.wait_for("This history is temporary")
        terminal.wait_for("HOLYTUI_DATA_DIR")
        terminal.type("count to 12\r")
        terminal.wait_for("11, 12")
        terminal.type("\t")
        terminal.type("\x04")
        assert terminal.wait_end() == 0
        terminal.pump(0.1)
        assert "nothing was saved" in terminal.text
    assert list(tmp_path.glob("**/history.db*")) == []


def test_a_newer_file_is_left_alone_and_the_app_runs(data: Path) -> None:
    SqliteHistory(data).close()
    with closing(sqlite3.connect(data)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
        connection.commit()
    before = data.read_bytes()
    with Terminal.holytui("count to 12", cols=140) as terminal:
        terminal.wait_for("11, 12")
    assert data.read_bytes() == before


def test_a_damaged_file_is_set_aside_and_that_is_said(data: Path) -> None:
    data.parent.mkdir(mode=0o700)
    data.write_bytes(b"no database at all" * 500)
    with Terminal.holytui(cols=140) as terminal:
        terminal.wait_for("The history was damaged")
        terminal.type("count to 12\r")
        terminal.wait_for("11, 12")
    (aside,) = data.parent.glob("history.db.damaged-*")
    assert aside.read_bytes().startswith(b"no database")


def test_what_cannot_be_written_for_a_while_is_written_after_all(data: Path) -> None:
    # no file may grow beyond what the log has now, as on a full disk; then there is room again
    log = data.with_name("history.db-wal")
    with Terminal.holytui("count to 140", cols=140) as terminal:
        terminal.wait_for("29, 30")
        resource.prlimit(terminal.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, resource.RLIM_INFINITY))
        terminal.wait_for("the text is kept in memory")
        terminal.wait_for("89, 90")
        resource.prlimit(terminal.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        terminal.wait_gone("the text is kept in memory")
        terminal.wait_for("139, 140", 40)
        terminal.wait_for("ready")
    with closing(sqlite3.connect(data)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        ((text, state),) = connection.execute("SELECT text, state FROM message WHERE role = 'assistant'").fetchall()
    assert state == "complete"
    assert ", ".join(map(str, range(131, 141))) in text


def test_only_who_asks_for_it_gets_a_history_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", "/proc/nobody")
    config, keys, problems = read_config(None)
    with pytest.raises(StoreFull):
        open_services(config, keys, problems)
    with open_services(config, keys, ("another",), fall_back=True) as services:
        assert services.temporary_folder is not None
        folder = Path(services.temporary_folder.name)
        assert folder.stat().st_mode & 0o077 == 0
        assert services.problems[0] == "another"
        assert services.problems[-1].startswith("This history is temporary")
        services.history.create_conversation(title="t")
    assert not folder.exists()
