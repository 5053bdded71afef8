from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from holytui.errors import StoreCorrupt, StoreError, StoreFull, StoreNewer
from holytui.models import AnswerState, Role
from holytui.store.sqlite import schema
from holytui.store.sqlite.history import SqliteHistory
from tests.store.conftest import Opener
from tests.store.samples import CONTENT, ask

DATA = Path(__file__).parent / "data"


def make_version_1(path: Path) -> bytes:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((DATA / "version_1.sql").read_text("utf-8"))
    return path.read_bytes()


def test_an_older_history_is_copied_and_then_brought_up_to_date(opener: Opener, path: Path) -> None:
    before = make_version_1(path)
    history = opener()
    assert history.backup is not None
    assert history.backup.parent == path.parent
    assert stat.S_IMODE(history.backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(history.backup)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert copy.execute("SELECT text FROM delta").fetchall() == [("Sáu ",), ("thanh.",)]
    assert len(before) > 0
    (cut,) = history.unfinished()
    assert (cut.id, cut.text, cut.state) == ("m2", "Sáu thanh.", AnswerState.INTERRUPTED)
    assert [hit.message_id for hit in history.search("tieng viet")] == ["m1"]
    assert [hit.message_id for hit in history.search("duong ve")] == [None]
    assert [hit.message_id for hit in history.search("sau thanh")] == ["m2"]
    assert history.recall("k") == "v"
    history.close()
    assert opener().backup is None


def test_copies_of_a_file_are_hosts_of_their_own_and_merge_without_doubles(opener: Opener, path: Path) -> None:
    make_version_1(path)
    other = path.parent / "copy" / "history.db"
    other.parent.mkdir()
    shutil.copy(path, other)
    one = opener()
    with SqliteHistory(other) as two:  # both were upgraded apart
        exchange(one, two)
        assert [each.id for each in two.conversations()] == [each.id for each in one.conversations()]
        assert len(one.variants("m2")) == len(two.variants("m2")) == 1
        assert one.replica.digest() == two.replica.digest()
    later = path.parent / "later" / "history.db"
    later.parent.mkdir()
    shutil.copy(other, later)
    with SqliteHistory(other) as two, SqliteHistory(later) as three:
        names = {each.replica.hosts()[0].id for each in (one, two, three)}
        assert len(names) == 3
        talk = three.conversations()[0].id
        three.update_conversation(talk, title="on the copy")
        exchange(two, three)
        found = two.conversation(talk)
        assert found is not None
        assert found.title == "on the copy"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE change SET extra = '{'",
        'UPDATE change SET extra = \'{"replaces": [["x"], 3], "at": []}\'',
        "UPDATE change SET extra = x'ff'",
        "UPDATE OR IGNORE change SET host = 77",
        "UPDATE change SET waiting = 5, variant_of = x'ff'",
        "DELETE FROM change",
        "DELETE FROM host",
    ],
)
def test_answers_are_stored_whatever_happened_to_the_log_of_changes(opener: Opener, path: Path, damage: str) -> None:
    history = opener()
    first = ask(history)
    history.set_state(first.answer.id, AnswerState.INTERRUPTED)
    history.replica.vector()
    second = ask(history, "More?", first.conversation_id)
    history.delete_conversation(first.conversation_id)
    history.restore_conversation(first.conversation_id)
    history.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(damage)
    history = opener()
    for asked in (first, second):
        history.set_state(asked.answer.id, AnswerState.STREAMING)
        history.journal(asked.attempt.id, CONTENT, "text")
        history.set_state(asked.answer.id, AnswerState.COMPLETE)
    history.update_conversation(first.conversation_id, title="new")
    history.replica.changes({})
    assert [each.text for each in history.branch(first.conversation_id)] == ["Why?", "text", "More?", "text"]


def exchange(one: SqliteHistory, two: SqliteHistory) -> None:
    for here, there in ((one, two), (two, one)):
        part = there.replica.changes(here.replica.vector())
        assert part.complete
        here.replica.apply(part)


def test_a_step_that_fails_leaves_the_file_at_its_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_version_1(path)

    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE delta")
        connection.execute("no such statement")

    monkeypatch.setattr(schema, "MIGRATIONS", (schema.MIGRATIONS[0], fails, fails))
    with pytest.raises(StoreError):
        SqliteHistory(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM delta").fetchone() == (2,)


def test_two_processes_may_bring_it_up_to_date_at_once(opener: Opener, path: Path) -> None:
    make_version_1(path)
    together = threading.Barrier(3)
    failed: list[BaseException] = []

    def start() -> None:
        together.wait()
        try:
            opener()
        except BaseException as exc:  # noqa: BLE001 - a thread's failure is the test's
            failed.append(exc)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert opener().recall("k") == "v"


def test_several_may_make_the_file_at_once(opener: Opener) -> None:
    together = threading.Barrier(4)
    failed: list[BaseException] = []

    def start(number: int) -> None:
        together.wait()
        try:
            opener().create_conversation(title=str(number))
        except BaseException as exc:  # noqa: BLE001 - a thread's failure is the test's
            failed.append(exc)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(opener().conversations()) == 4


@pytest.mark.parametrize("before", [1, 2, 3])
def test_a_file_that_another_process_makes_meanwhile_is_not_a_foreign_one(path: Path, before: int) -> None:
    path.parent.mkdir()
    reads = [0]

    class Watched(sqlite3.Connection):
        def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
            reads[0] += 1
            if reads[0] == before:
                with closing(sqlite3.connect(path, isolation_level=None)) as other:
                    schema.migrate(other)
            return super().execute(sql, values)

    with closing(sqlite3.connect(path, factory=Watched)) as connection:
        assert schema.version_of(connection) in (0, schema.VERSION)
    assert reads[0] >= before


def test_a_history_of_a_newer_holytui_is_refused_and_left_alone(opener: Opener, path: Path) -> None:
    opener().close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreNewer, match="newer holytui"):
        SqliteHistory.open(path)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["history.db"]


def test_the_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        SqliteHistory.open(path)
    assert path.read_bytes() == before


def test_a_backup_that_cannot_be_made_stops_the_update(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_version_1(path)

    def full(path: Path, label: str, now: float) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("holytui.store.sqlite.backups.reserve", full)
    with pytest.raises(StoreFull, match="backed up"):
        SqliteHistory(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_sound_file_has_nothing_to_say(path: Path) -> None:
    with SqliteHistory.open(path) as history:
        assert list(history.warnings) == []


def test_what_is_no_database_is_set_aside_and_never_overwritten(path: Path) -> None:
    def spoil(text: str) -> None:
        path.write_text(text * 1000)
        path.with_name("history.db-wal").write_text("its log")

    for text in ("one", "two"):
        path.parent.mkdir(exist_ok=True)
        spoil(text)
        with pytest.raises(StoreCorrupt):
            SqliteHistory(path)
        with SqliteHistory.open(path, clock=lambda: 1e9) as history:
            assert "history.db.damaged-20010909-014640" in history.warnings[0]
            assert history.conversations() == []
    # reading what is left may make an index of the log
    names = sorted(each.name for each in path.parent.iterdir() if not each.name.endswith("-shm"))
    assert names == [
        "history.db",
        "history.db.damaged-20010909-014640",
        "history.db.damaged-20010909-014640-2",
        "history.db.damaged-20010909-014640-2-wal",
        "history.db.damaged-20010909-014640-wal",
    ]
    assert path.with_name(names[1]).read_text() == "one" * 1000
    assert path.with_name(names[2]).read_text() == "two" * 1000
    assert path.with_name(names[4]).read_text() == "its log"


def filled(path: Path) -> tuple[int, int]:
    """Fill a history; returns the size of its pages and the number of one in the middle of the messages."""
    with SqliteHistory(path) as history:
        for number in range(60):
            made = history.create_conversation(title=f"Talk {number}")
            parent = None
            for step in range(5):
                text = f"message {number} {step} " + "words " * 60
                parent = history.add_message(made.id, Role.USER, text, parent_id=parent).id
        asked = ask(history, "the last question")
        history.journal(asked.attempt.id, CONTENT, "the last answer")
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        pages = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = 'message' AND pagetype = 'leaf' ORDER BY pageno"
        ).fetchall()
    return size, pages[len(pages) // 2][0]


def test_a_damaged_page_costs_only_what_was_on_it(path: Path) -> None:
    size, page = filled(path)
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    spoilt = path.read_bytes()
    with SqliteHistory.open(path) as history:
        assert "damaged" in history.warnings[0]
        found = history.conversations()
        assert len(found) == 61
        texts = [message.text for talk in found for message in history.branch(talk.id)]
        # a page holds fewer than ten of them; a lost one ends the branch that it was on
        assert sum(text.startswith("message") for text in texts) > 280
        assert texts.count("the last question") == 1
        (cut,) = history.unfinished()
        assert cut.text == "the last answer"
        assert len(history.search("message 59 4")) >= 1
    (kept,) = path.parent.glob("history.db.damaged-*")
    assert kept.read_bytes() == spoilt
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_file_cut_short_gives_what_is_left(path: Path) -> None:
    size, page = filled(path)
    with path.open("r+b") as file:
        file.truncate(page * size)
    with SqliteHistory.open(path) as history:
        assert 0 < len(history.conversations()) <= 61
    assert len(list(path.parent.glob("history.db.damaged-*"))) == 1


def test_a_damaged_file_is_left_alone_when_there_is_no_room_for_a_new_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    path.write_text("damaged " * 1000)

    def full(damaged: Path, target: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr("holytui.store.sqlite.salvage.salvage", full)
    with pytest.raises(StoreFull):
        SqliteHistory.open(path)
    assert path.read_text() == "damaged " * 1000
    assert [each.name for each in path.parent.iterdir()] == ["history.db"]
