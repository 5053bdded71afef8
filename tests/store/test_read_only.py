"""A history in a folder where nothing can be written, by a user who is not its owner."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.errors import StoreFull
from holytui.models import Role
from holytui.store.sqlite.history import SqliteHistory

NOBODY = 65534


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Not in pytest's own folder, which is closed to others."""
    place = Path(tempfile.mkdtemp())
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(place))
    yield place
    place.chmod(0o755)
    shutil.rmtree(place)


def filled(folder: Path) -> str:
    with SqliteHistory(folder / "history.db") as history:
        talk = history.create_conversation(title="To read")
        history.add_message(talk.id, Role.USER, "an older question", parent_id=None)
        assert main(["history", "list"]) == 0  # what it needs is imported now, as another user might not get at it
        return talk.id


@pytest.fixture
def locked(folder: Path) -> Iterator[Path]:
    """The folder after `filled`, without any right to write."""
    yield folder
    os.seteuid(os.getuid())


def lock(folder: Path) -> None:
    for place in folder.iterdir():
        place.chmod(0o444)
    folder.chmod(0o555)
    if os.getuid() == 0:
        os.seteuid(NOBODY)  # whom permissions bind


def all_of(talk: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    capsys.readouterr()
    for words in (["list"], ["show", talk], ["search", "question"], ["export", "--format", "jsonl"]):
        assert main(["history", *words]) == 0
    return capsys.readouterr()


def test_what_only_reads_reads_where_nothing_can_be_written(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    talk = filled(locked)
    lock(locked)
    out, err = all_of(talk, capsys)
    assert out.count("an older question") == 3
    assert err == ""
    assert [place.name for place in locked.iterdir()] == ["history.db"]
    assert main(["history", "delete", "--yes", talk]) == 1
    assert "cannot be written" in capsys.readouterr().err
    with pytest.raises(StoreFull):
        SqliteHistory.open(locked / "history.db")


@pytest.mark.parametrize("with_index", [True, False])
def test_a_log_beside_it_is_read_or_told_of(locked: Path, capsys: pytest.CaptureFixture[str], with_index: bool) -> None:
    talk = filled(locked)
    with closing(sqlite3.connect(locked / "history.db", isolation_level=None)) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("UPDATE conversation SET title = 'Newer title'")
        saved = {end: (locked / f"history.db{end}").read_bytes() for end in ("-wal", "-shm")}
        base = (locked / "history.db").read_bytes()
    (locked / "history.db").write_bytes(base)
    for end in ("-wal", "-shm") if with_index else ("-wal",):
        (locked / f"history.db{end}").write_bytes(saved[end])
    lock(locked)
    out, err = all_of(talk, capsys)
    assert ("Newer title" in out) is with_index
    assert ("To read" in out) is not with_index
    assert ("newest entries may be missing" in err) is not with_index


def test_a_damaged_one_is_read_as_far_as_it_can_be(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    talk = filled(locked)
    with closing(sqlite3.connect(locked / "history.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        name = "SELECT pageno FROM dbstat WHERE name = 'conversation_updated'"
        ((page,),) = connection.execute(name).fetchall()
    spoilt = bytearray((locked / "history.db").read_bytes())
    spoilt[(page - 1) * 4096 : page * 4096] = bytes(4096)
    (locked / "history.db").write_bytes(spoilt)
    lock(locked)
    out, _err = all_of(talk, capsys)
    assert "an older question" in out
