"""The trigram index: recognised as lacking texts, and built anew in steps while the history is in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.models import Role
from holytui.store.sqlite import search_index
from holytui.store.sqlite.history import SqliteHistory
from tests.store.conftest import Opener

pytestmark = pytest.mark.skipif(not search_index.has_fts5(), reason="needs FTS5")

TEXTS = 40


def made(opener: Opener) -> None:
    history = opener()
    talk = history.create_conversation(title="numbers").id
    for number in range(TEXTS):
        history.add_message(talk, Role.USER, f"text number{number:03}", parent_id=None)
    history.close()


def run(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def indexed(path: Path) -> int:
    """How many texts the index itself says that it has."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
        return int(connection.execute("SELECT count(*) FROM search WHERE search MATCH '\"num\"'").fetchone()[0])


DAMAGES: dict[str, Callable[[Path], None]] = {
    "emptied": lambda path: run(path, "INSERT INTO search (search) VALUES ('delete-all')"),
    "its first half": lambda path: run(path, *delete("id < 20")),
    "its end": lambda path: run(path, *delete("id > 20")),
    "its middle": lambda path: run(path, *delete("id BETWEEN 10 AND 20")),
    "no texts in it, but their numbers": lambda path: run(path, "DELETE FROM search_data WHERE id > 10"),
    "no data": lambda path: run(path, "DELETE FROM search_data"),
    "no numbers": lambda path: run(path, "DELETE FROM search_docsize"),
}


def delete(where: str) -> list[str]:
    """By the index's own means, so that it is whole but for these texts."""
    return [f"INSERT INTO search (search, rowid, folded) SELECT 'delete', id, folded FROM search_text WHERE {where}"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_index_that_lacks_texts_is_built_anew(opener: Opener, path: Path, damage: str) -> None:
    made(opener)
    DAMAGES[damage](path)
    history = opener()
    assert [len(history.search(f"number{number:03}")) for number in (0, 15, 39)] == [1, 1, 1]
    history.close()
    assert indexed(path) == TEXTS + 1


def test_a_whole_index_is_left_as_it_is(opener: Opener, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(opener)

    def refuse(_connection: sqlite3.Connection) -> None:
        raise AssertionError

    monkeypatch.setattr(search_index, "mark_stale", refuse)
    opener()


def test_a_large_index_is_built_while_the_history_is_in_use(
    opener: Opener, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(opener)
    run(path, "INSERT INTO search (search) VALUES ('delete-all')")
    monkeypatch.setattr(search_index, "_STEP", 100)
    history = opener()
    assert len(history.search("number039")) == 1  # whether it is built by now or not
    assert history._upkeep is not None
    history._upkeep._thread.join()
    assert search_index.is_whole(history._writer._connection)
    assert len(history.search("number039")) == 1
    history.close()
    assert indexed(path) == TEXTS + 1


STEPS = st.lists(st.one_of(st.just("build"), st.just("put"), st.integers(0, 12)), max_size=25)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_texts_that_come_and_go_while_it_is_built_are_right(steps: list[str | int]) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        search_index.create_tables(connection)
        search_index.make_ready(connection, fts=True)
        put(connection, 0, 5)
        search_index.mark_stale(connection)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search_index, "_STEP", 20)
            patch.setattr(search_index, "_MAX_REMOVED_ROWS", 2)
            for number, step in enumerate(steps, 5):
                if step == "build":
                    search_index.build_step(connection)
                elif step == "put":
                    put(connection, number, number + 1)
                else:
                    search_index.remove_text(connection, "talk", f"m{step}", fts=True)
            while search_index.build_step(connection):
                pass
        connection.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
        texts = connection.execute("SELECT id FROM search_text ORDER BY id").fetchall()
        assert (
            connection.execute("SELECT rowid FROM search WHERE search MATCH '\"number\"' ORDER BY rowid").fetchall()
            == texts
        )


def put(connection: sqlite3.Connection, first: int, end: int) -> None:
    for number in range(first, end):
        search_index.put_text(connection, "talk", f"m{number}", f"number{number:03}", fts=True)


def test_an_index_that_is_found_damaged_by_a_search_is_built_anew(
    opener: Opener, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(opener)
    history: SqliteHistory = opener()
    run(path, "DELETE FROM search_data WHERE id > 10")
    assert len(history.search("number007")) == 1
    history.close()
    monkeypatch.setattr(search_index, "_has_samples", lambda _connection: True)  # only the mark tells
    opener().close()
    assert indexed(path) == TEXTS + 1
