from __future__ import annotations

import io
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from holytui.models import AnswerState, Usage
from holytui.store.sqlite import schema
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.transfer.transfer import import_from
from holytui.store.values import UsageTotal
from holytui.ui.transcript.loading import fork
from tests.store.conftest import Opener
from tests.store.samples import ALL_TIME, CONTENT, Clock, ask, exported_answer, finish, total_usage


def test_an_answer_cut_by_a_kill_counts_as_at_least_nothing(opener: Opener) -> None:
    first = opener()
    asked = ask(first)
    first.journal(asked.attempt.id, CONTENT, "half an ans")
    first.flush()
    with closing(sqlite3.connect(first.path)) as connection, connection:
        connection.execute("UPDATE lease SET pid = 0, boot_id = 'gone', host = 'elsewhere', heartbeat = 0")
    second = opener()
    assert [cut.id for cut in second.unfinished()] == [asked.answer.id]
    assert total_usage(second) == UsageTotal(0, "guide/guide", 1, Usage(at_least=True), 1)


# -- from elsewhere


# -- older and damaged files


def without_figures(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        # what came later goes as well; not every sqlite can drop a column
        connection.executescript(
            "DROP TABLE figure; DROP TABLE stream; DROP TABLE host; DROP TABLE change;"
            'ALTER TABLE attempt RENAME COLUMN "end" TO unused;'
            "ALTER TABLE conversation RENAME COLUMN unshared TO unused;"
            "ALTER TABLE conversation RENAME COLUMN tags TO unused_tags;"
            "ALTER TABLE conversation RENAME COLUMN labels TO unused_labels;"
            "ALTER TABLE conversation RENAME COLUMN pruned TO unused_pruned;"
            "PRAGMA user_version = 4"
        )


def seen(history: SqliteHistory) -> tuple[Sequence[object], Sequence[object]]:
    return history.usage_totals(ALL_TIME), history.last_answers(99)


def test_a_file_without_figures_gets_those_of_the_answers_that_it_has(opener: Opener, path: Path) -> None:
    clock = Clock()
    history = opener(clock=clock)
    cut = ask(history)
    history.journal(cut.attempt.id, CONTENT, "Half of")
    history.copy_as_variant(cut.answer.id)
    finish(history, cut, Usage(10, 5), state=AnswerState.INTERRUPTED)
    finish(history, ask(history), Usage(1, 2, cached=1, estimated=True))
    finish(history, ask(history), None, text="whole, but without figures")
    fork(history, cut.answer)
    before = seen(history)
    history.close()
    without_figures(path)
    assert seen(opener(clock=clock)) == before
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)


@pytest.mark.parametrize("usage", ["{", '{"nope": 1}', '{"input": "x"}', '{"input": -4}', f'{{"output": {1 << 80}}}'])
def test_figures_that_cannot_be_read_do_not_keep_a_file_from_being_brought_up_to_date(
    opener: Opener, path: Path, usage: str
) -> None:
    history = opener()
    finish(history, ask(history), Usage(10, 5), text="an answer")
    history.close()
    without_figures(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE message SET usage = ? WHERE role = 'assistant'", (usage,))
    assert total_usage(opener()).usage == Usage(at_least=True)


@pytest.mark.parametrize("version", [4, schema.VERSION])
def test_a_damaged_file_keeps_its_figures(opener: Opener, tmp_path: Path, path: Path, version: int) -> None:
    _talk, imported = exported_answer(opener(tmp_path / "other" / "history.db"))
    with SqliteHistory(path) as history:
        for _ in range(3):
            finish(history, ask(history), Usage(10, 5))
        if version != 4:  # which did not tell what was imported from what was asked for
            import_from(history, io.StringIO(imported))
    if version == 4:
        without_figures(path)
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT pageno FROM dbstat WHERE name = 'message_parent'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with SqliteHistory.open(path) as history:
        assert "damaged" in history.warnings[0]
        assert total_usage(history) == UsageTotal(0, "guide/guide", 3, Usage(30, 15), 3)
