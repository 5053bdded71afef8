"""`holytui history backup|restore FILE`."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.errors import StoreError
from holytui.models import Role
from holytui.store.sqlite import snapshot
from holytui.store.sqlite.history import SqliteHistory
from tests.store.samples import CONTENT, ONE, add_rich_conversation, ask, ask_with_images


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "here"))
    return tmp_path / "here" / "history.db"


def test_a_backup_brings_back_what_was_lost_and_changes_nothing_else(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.db"
    with SqliteHistory(here) as history:
        deleted, erased, kept = (add_rich_conversation(history) for _ in range(3))
        pictured = ask_with_images(history, ONE).conversation_id
        before = {talk: history.bundle(talk) for talk in (deleted, erased, kept, pictured)}
        assert main(["history", "backup", str(file)]) == 0
        history.delete_conversation(erased)
        history.purge_deleted(1e12)
        history.delete_conversation(deleted)
        history.update_conversation(kept, title="renamed since")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [place.name for place in tmp_path.iterdir() if "part" in place.name] == []
    capsys.readouterr()
    assert main(["history", "restore", str(file)]) == 0
    assert "1 conversations, 4 messages" in capsys.readouterr().out
    with SqliteHistory(here) as history:
        assert history.bundle(pictured) == before[pictured]
        for talk in (deleted, erased):
            found, old = history.bundle(talk), before[talk]
            assert found is not None
            assert old is not None
            assert [each.text for each in found.messages] == [each.text for each in old.messages]
        found_kept = history.conversation(kept)
        assert found_kept is not None
        assert found_kept.title == "renamed since"
    assert main(["history", "restore", str(file)]) == 0
    assert "0 conversations, 0 messages" in capsys.readouterr().out
    assert sorted(each.name for each in here.parent.iterdir() if each.name.startswith(".restore")) == []


def test_a_backup_is_one_state_while_others_write(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = snapshot._copy
    with SqliteHistory(here) as history:
        asked = ask(history)
        history.journal(asked.attempt.id, CONTENT, "some text")
        history.flush()

        def copy(*arguments: object) -> None:
            original(*arguments)  # type: ignore[arg-type]
            history.add_message(asked.conversation_id, Role.USER, "later", parent_id=None)

        monkeypatch.setattr(snapshot, "_copy", copy)
        result = history.back_up(tmp_path / "b.db")
        assert (result.conversations, result.messages) == (1, 2)
        with closing(sqlite3.connect(tmp_path / "b.db")) as backup:
            assert backup.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            assert backup.execute("SELECT count(*) FROM message").fetchone() == (2,)


def test_an_existing_file_is_never_replaced(here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.db"
    file.write_text("mine")
    with SqliteHistory(here) as history:
        add_rich_conversation(history)
        assert main(["history", "backup", str(file)]) == 1
        assert main(["history", "backup", str(here)]) == 1
        assert "exists already" in capsys.readouterr().err
        assert file.read_text() == "mine"
        with pytest.raises(StoreError, match="could not be written"):
            history.back_up(tmp_path / "nowhere" / "b.db")


def test_a_copy_that_cannot_be_read_back_is_no_backup(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = snapshot._copy

    def damaged(path: Path, connector: object, timeout: float, part: Path) -> None:
        original(path, connector, timeout, part)  # type: ignore[arg-type]
        os.truncate(part, part.stat().st_size // 2)

    monkeypatch.setattr(snapshot, "_copy", damaged)
    with SqliteHistory(here) as history:
        add_rich_conversation(history)
        with pytest.raises(StoreError):
            history.back_up(tmp_path / "b.db")
    assert [place.name for place in tmp_path.iterdir() if place.suffix in (".db", ".part")] == []


def test_what_is_no_backup_is_refused(here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SqliteHistory(here) as history:
        talk = add_rich_conversation(history)
    other = tmp_path / "notes.txt"
    other.write_text("notes " * 1000)
    assert main(["history", "restore", str(other)]) == 1
    assert "not a history" in capsys.readouterr().err
    assert main(["history", "restore", str(tmp_path / "missing.db")]) == 1
    with SqliteHistory(here) as history:
        assert [one.id for one in history.conversations()] == [talk]
