"""An import is seen whole or not at all, and lets others write meanwhile."""

from __future__ import annotations

import io
import json
import multiprocessing
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from holytui.errors import StoreBusy, TransferError
from holytui.models import Role
from holytui.store.sqlite import import_session
from holytui.store.sqlite.damaged_tables import HistoryConnection
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.transfer.native import to_json
from holytui.store.transfer.transfer import ImportReport, import_from
from tests import pictures
from tests.store.conftest import Opener
from tests.store.samples import CONTENT, add_stored_conversation, ask, chatgpt_entry, exported_bundle, three_entries

Dump = dict[str, list[tuple[Any, ...]]]


def dump(path: Path) -> Dump:
    """All rows of all tables, apart from the inner ones of the index and what each start writes."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_%'")
        names = [name for (name,) in found if name != "search"] + ["search_text"]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


class Pipe(io.StringIO):
    """Can be read once."""

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("stream", [io.StringIO, Pipe])
@pytest.mark.parametrize("end", ["{broken", '{"id": "cut off", "mess', "[" * 5000])
def test_broken_json_changes_nothing(
    history: SqliteHistory, path: Path, stream: Callable[[str], io.StringIO], end: str
) -> None:
    text = three_entries(history, add_stored_conversation(history), end)
    before = dump(path)
    with pytest.raises(TransferError, match="Entry 4 of the file is not JSON") as raised:
        import_from(history, stream(text))
    assert raised.value.hint == "Nothing was imported."
    assert dump(path) == before


def test_a_list_that_was_cut_between_two_entries_changes_nothing(history: SqliteHistory, path: Path) -> None:
    before = dump(path)
    with pytest.raises(TransferError, match="its list has no end"):
        import_from(history, io.StringIO("[" + json.dumps(chatgpt_entry("first")) + ","))
    assert dump(path) == before


def test_ctrl_c_changes_nothing(history: SqliteHistory, path: Path) -> None:
    text = three_entries(history, add_stored_conversation(history))
    before = dump(path)

    def interrupted(done: ImportReport) -> None:
        if done.entries == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_from(history, io.StringIO(text), interrupted)
    assert dump(path) == before
    assert import_from(history, io.StringIO(text)) == ImportReport(3, 2, 25, ())


def test_an_image_that_was_lost_is_back_only_with_the_whole_file(history: SqliteHistory, path: Path) -> None:
    data = pictures.png(5, 5)
    image = pictures.image(data)
    talk = history.create_conversation(title="t").id
    history.add_message(talk, Role.USER, "?", parent_id=None, images=[image], image_data={image.digest: data})
    bundle = history.bundle(talk)
    assert bundle is not None
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE image SET data = NULL")
    more = replace(bundle.messages[0], id="again", parent_id=None)
    text = json.dumps(to_json(replace(bundle, messages=[*bundle.messages, more])))
    before = dump(path)
    with pytest.raises(TransferError):
        import_from(history, Pipe(text + "\n{"))
    assert dump(path) == before
    import_from(history, io.StringIO(text))
    assert history.image(image.digest) == data
    assert [row[0] for row in dump(path)["image"]] == [image.digest]


def test_an_import_that_another_machine_took_for_dead_does_not_end(history: SqliteHistory, path: Path) -> None:
    with pytest.raises(StoreBusy, match="interrupted for too long"), history.import_session() as taking_in:  # noqa: PT012
        taking_in.add(exported_bundle("first"))
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE meta SET value = replace(value, '[\"', '[\"x') WHERE key = 'import'")
    assert history.conversations() == []


class Refusing(HistoryConnection):
    """Fails as a full disk, or a file that may not be written, while it is told to."""

    failing = ""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if self.failing and sql.startswith("INSERT INTO message "):
            code = {"full": sqlite3.SQLITE_FULL, "locked up": sqlite3.SQLITE_READONLY}[self.failing]
            error = sqlite3.OperationalError(self.failing)
            error.sqlite_errorcode = code
            raise error
        return super().execute(sql, *values)


@pytest.mark.parametrize(("fault", "said"), [("full", "disk is full"), ("locked up", "cannot be written")])
def test_a_disk_that_fails_changes_nothing_and_is_told(opener: Opener, path: Path, fault: str, said: str) -> None:
    def refusing(where: Path, timeout: float) -> sqlite3.Connection:
        name = f"file:{where}?mode=rw"
        return sqlite3.connect(name, timeout, isolation_level=None, check_same_thread=False, factory=Refusing, uri=True)

    history = opener(connector=refusing)
    text = three_entries(history, add_stored_conversation(history))
    before = dump(path)
    connection = history._writer._connection
    assert isinstance(connection, Refusing)

    def fail(done: ImportReport) -> None:
        connection.failing = fault if done.entries == 1 else ""

    with pytest.raises(TransferError, match=said) as raised:
        import_from(history, io.StringIO(text), fail)
    assert raised.value.hint.startswith("Nothing was imported.")
    connection.failing = ""
    assert dump(path) == before


def test_an_answer_is_written_between_any_two_pieces_of_an_import(
    history: SqliteHistory, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process waits for one piece at most: it can write after each, however large a conversation is."""
    monkeypatch.setattr(import_session, "_MAX_MESSAGES", 4)
    other, pieces = opener(), 0
    asked = ask(other)
    call = history._writer.call

    def counted(job: Any, **options: Any) -> Any:
        nonlocal pieces
        done = call(job, **options)
        other.journal(asked.attempt.id, CONTENT, f"{pieces} ")
        other.flush()
        pieces += 1
        return done

    monkeypatch.setattr(history._writer, "call", counted)
    import_from(history, io.StringIO(json.dumps(chatgpt_entry("long"))))
    monkeypatch.undo()
    assert pieces == 1 + 1 + 1 + 3 + 1  # begun, looked for leftovers, planned, 12 messages, shown
    assert other.raw_text(asked.attempt.id, CONTENT) == "".join(f"{number} " for number in range(pieces))


# -- killed


def importing(path: Path, text: str, stop_at: str, pipe: Connection) -> None:
    """Imports until it is at a gate, tells so, and waits to be killed."""
    history = SqliteHistory(path)

    def wait(at: str) -> None:
        if at == stop_at:
            pipe.send(at)
            pipe.recv()

    def progress(done: ImportReport) -> None:
        wait("move" if done.entries else "check")

    with pytest.MonkeyPatch.context() as patch:
        show = import_session.SqliteImport._show

        def shown(self: import_session.SqliteImport, db: sqlite3.Connection) -> None:
            show(self, db)
            wait("before the last commit")

        patch.setattr(import_session.SqliteImport, "_show", shown)
        import_from(history, io.StringIO(text), progress)
    wait("after the last commit")


GATES = ["move", "before the last commit", "after the last commit"]


@pytest.mark.parametrize("gate", GATES)
def test_a_kill_leaves_all_or_nothing_and_a_streaming_answer_whole(opener: Opener, path: Path, gate: str) -> None:
    streaming = opener()
    text = three_entries(streaming, add_stored_conversation(streaming))
    asked = ask(streaming)
    streaming.journal(asked.attempt.id, CONTENT, "committed before, ")
    streaming.flush()
    before = without_journal(path)
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=importing, args=(path, text, gate, theirs), daemon=True)
    process.start()
    theirs.close()
    assert ours.recv() == gate
    streaming.journal(asked.attempt.id, CONTENT, "received meanwhile")  # before the last commit, the lock is held
    process.kill()
    process.join()
    ours.close()
    process.close()
    again = opener()
    streaming.flush()
    assert again.raw_text(asked.attempt.id, CONTENT) == "committed before, received meanwhile"
    counts = [len(again.conversations()), len(again.search("imported")), len(again.search("new words"))]
    assert counts == ([4, 2, 1] if gate == GATES[-1] else [2, 0, 0])
    if gate != GATES[-1]:
        again.purge_deleted(0.0)  # waits for the removal in the background
        assert without_journal(path) == before
        assert import_from(again, io.StringIO(text)) == ImportReport(3, 2, 25, ())


def without_journal(path: Path) -> Dump:
    return {name: rows for name, rows in dump(path).items() if name not in ("delta", "change", "host")}
