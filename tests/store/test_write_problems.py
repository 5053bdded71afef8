from __future__ import annotations

import json
import signal
import sqlite3
import stat
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from holytui import paths
from holytui.commands.closing import PatientClose, close_patiently
from holytui.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull
from holytui.models import AnswerState, Problem, Role
from holytui.store.sqlite import spill
from holytui.store.sqlite.connect import connect, translate_errors
from holytui.store.sqlite.writer import Timing
from tests.store.conftest import Opener
from tests.store.samples import CONTENT, ask

QUICK = Timing(batch=0.001, retry=0.005)


class Faulty:
    """Opens connections whose transactions fail while `code` is set, as they would on a bad day."""

    def __init__(self) -> None:
        self.code = 0
        self.failed = threading.Event()

    def __call__(self, path: Path, timeout: float) -> sqlite3.Connection:
        faulty = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
                if faulty.code and sql == "COMMIT":
                    error = sqlite3.OperationalError("on purpose")
                    error.sqlite_errorcode = faulty.code
                    faulty.failed.set()
                    raise error
                return super().execute(sql, *values)  # type: ignore[arg-type]  # handed on

        return sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False, factory=Connection)


class Listener:
    """Notes what it is told, and lets the test wait for it."""

    def __init__(self) -> None:
        self.told: list[str | None] = []
        self.well = threading.Event()
        self.ill = threading.Event()

    def __call__(self, problem: Problem | None) -> None:
        self.told.append(problem.title if problem else None)
        (self.ill if problem else self.well).set()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, StoreBusy),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreBusy),
        (sqlite3.SQLITE_LOCKED, StoreBusy),
        (sqlite3.SQLITE_PROTOCOL, StoreBusy),
        (sqlite3.SQLITE_FULL, StoreFull),
        (sqlite3.SQLITE_IOERR_SHMSIZE, StoreFull),
        (sqlite3.SQLITE_READONLY_DBMOVED, StoreFull),
        (sqlite3.SQLITE_CANTOPEN, StoreFull),
        (sqlite3.SQLITE_NOTADB, StoreCorrupt),
        (sqlite3.SQLITE_CORRUPT, StoreCorrupt),
        (sqlite3.SQLITE_IOERR, StoreError),
        (0, StoreError),
    ],
)
def test_each_error_of_sqlite_becomes_one_of_ours(code: int, expected: type[StoreError]) -> None:
    error = sqlite3.OperationalError("some reason")
    if code:
        error.sqlite_errorcode = code
    with pytest.raises(StoreError) as caught, translate_errors():
        raise error
    assert type(caught.value) is expected
    assert caught.value.__cause__ is error


def test_deltas_are_kept_and_written_when_the_trouble_is_over(opener: Opener) -> None:
    faulty, listener = Faulty(), Listener()
    history = opener(connector=faulty, timing=QUICK, on_write_problem=listener)
    asked = ask(history)
    faulty.code = sqlite3.SQLITE_FULL
    history.journal(asked.attempt.id, CONTENT, "not ")
    assert listener.ill.wait(5)
    history.journal(asked.attempt.id, CONTENT, "lost")
    trouble = history.write_problem
    assert trouble is not None
    assert "full" in trouble.title
    with pytest.raises(StoreFull):
        history.flush()
    with pytest.raises(StoreFull):
        history.finish(replace(asked.answer, text="not lost", state=AnswerState.COMPLETE))
    assert history.raw_text(asked.attempt.id, CONTENT) == "not lost"
    faulty.code = 0
    assert listener.well.wait(5)
    history.flush()
    assert listener.told == ["The disk is full", None]
    assert opener().raw_text(asked.attempt.id, CONTENT) == "not lost"
    history.finish(replace(asked.answer, text="not lost", state=AnswerState.COMPLETE))


def test_trouble_of_another_kind_is_told_anew_and_a_faulty_listener_harms_nothing(opener: Opener) -> None:
    faulty = Faulty()
    told: list[str | None] = []
    changed = threading.Semaphore(0)

    def listener(problem: Problem | None) -> None:
        told.append(problem.title if problem else None)
        changed.release()
        raise RuntimeError("a defect")

    history = opener(connector=faulty, timing=QUICK, on_write_problem=listener)
    asked = ask(history)
    faulty.code = sqlite3.SQLITE_FULL
    history.journal(asked.attempt.id, CONTENT, "x")
    assert changed.acquire(timeout=5)
    faulty.code = sqlite3.SQLITE_BUSY
    assert changed.acquire(timeout=5)
    faulty.code = 0
    assert changed.acquire(timeout=5)
    assert told == ["The disk is full", "Another program is holding the history file", None]


def test_a_really_full_file_is_told_as_full_and_nothing_is_lost(opener: Opener) -> None:
    connections: list[sqlite3.Connection] = []

    def limited(path: Path, timeout: float) -> sqlite3.Connection:
        connections.append(connect(path, timeout))
        return connections[-1]

    listener = Listener()
    history = opener(connector=limited, timing=QUICK, on_write_problem=listener)
    asked = ask(history)
    writing = connections[0]
    pages = writing.execute("PRAGMA page_count").fetchone()[0]
    writing.execute(f"PRAGMA max_page_count = {pages}")
    history.journal(asked.attempt.id, CONTENT, "long " * 20_000)
    assert listener.ill.wait(5)
    with pytest.raises(StoreFull):
        history.add_message(asked.conversation_id, Role.USER, "also long " * 20_000, parent_id=None)
    writing.execute("PRAGMA max_page_count = 1000000")
    assert listener.well.wait(5)
    assert opener().raw_text(asked.attempt.id, CONTENT) == "long " * 20_000


def test_a_lock_of_another_process_is_waited_for_and_reads_go_on(opener: Opener, path: Path) -> None:
    def impatient(path: Path, timeout: float) -> sqlite3.Connection:
        return connect(path, 0.01)

    listener = Listener()
    history = opener(connector=impatient, timing=QUICK, on_write_problem=listener)
    asked = ask(history)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        history.journal(asked.attempt.id, CONTENT, "waits")
        assert listener.ill.wait(5)
        with pytest.raises(StoreBusy):
            history.create_conversation(title="now")
        assert history.raw_text(asked.attempt.id, CONTENT) == "waits"
        assert len(history.conversations()) == 1
        other.execute("COMMIT")
    assert listener.well.wait(5)
    history.flush()


def test_a_flush_gives_up_after_its_time(opener: Opener, path: Path) -> None:
    history = opener()
    asked = ask(history)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        history.journal(asked.attempt.id, CONTENT, "x")
        with pytest.raises(StoreBusy, match="in time"):
            history.flush(timeout=0.01)
    history.flush()


def test_a_job_that_fails_belongs_to_its_caller_and_the_thread_goes_on(opener: Opener) -> None:
    history = opener()

    def defect(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO fact VALUES ('half', 'done', 0)")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        history._writer.call(defect)
    assert history.recall("half") is None
    history.remember("whole", "done")


@pytest.mark.parametrize("folder_writable", [True, False])
def test_what_cannot_be_written_at_the_end_is_put_aside_and_taken_in(
    opener: Opener, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder_writable: bool
) -> None:
    faulty = Faulty()
    history = opener(connector=faulty, timing=Timing(batch=3600.0))
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "the last words đ\ud800")
    faulty.code = sqlite3.SQLITE_FULL
    if not folder_writable:
        path.rename(path.with_name("elsewhere"))
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).rename(path.with_name("elsewhere" + end))
        path.parent.rename(tmp_path / "moved")
        path.parent.write_text("in the way")
    with pytest.raises(StoreError, match="next start"):
        history.close()
    (place,) = tmp_path.glob("**/history.db.unsaved-*")
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert json.loads(place.read_text())[3] == "the last words đ\ufffd"
    if not folder_writable:
        assert place.parent == paths.state_dir()
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        path.parent.unlink()
        (tmp_path / "moved").rename(path.parent)
        for end in ("", "-wal", "-shm"):
            path.with_name("elsewhere" + end).rename(path.with_name(path.name + end))
    again = opener()
    assert again.raw_text(asked.attempt.id, CONTENT) == "the last words đ\ufffd"
    assert not place.exists()


def test_a_copy_of_what_is_written_after_all_adds_nothing(opener: Opener, path: Path) -> None:
    history = opener(timing=Timing(batch=3600.0))
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "one ")
    history.journal(asked.attempt.id, CONTENT, "two ")
    first = history.save_pending()
    assert first is not None
    kept = first.read_bytes()
    history.journal(asked.attempt.id, CONTENT, "three")
    second = history.save_pending()
    assert second is not None
    assert history.save_pending() == second
    assert not first.exists() or first == second
    history.close()
    assert not list(path.parent.glob("*unsaved*"))
    # as after a kill between the commit and the removal
    path.with_name("history.db.unsaved-x").write_bytes(kept)
    assert opener().raw_text(asked.attempt.id, CONTENT) == "one two three"
    assert not list(path.parent.glob("*unsaved*"))


def test_a_copy_comes_in_after_a_kill(opener: Opener, path: Path) -> None:
    history = opener(timing=Timing(batch=3600.0))
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "the only copy")
    assert history.save_pending() is not None
    assert opener().raw_text(asked.attempt.id, CONTENT) == "the only copy"  # `history` counts as killed


def test_what_others_may_have_put_there_is_not_taken_in(opener: Opener, path: Path) -> None:
    history = opener()
    asked = ask(history)
    history.close()
    folder = paths.state_dir()
    folder.mkdir(parents=True)
    line = json.dumps([asked.attempt.id, "content", 1, "smuggled"])
    (folder / f"{path.name}.{spill._label(path)}-1").write_text(line)
    folder.chmod(0o777)
    assert opener().raw_text(asked.attempt.id, CONTENT) == ""
    folder.chmod(0o700)
    assert opener().raw_text(asked.attempt.id, CONTENT) == "smuggled"


def test_a_folder_that_others_can_write_is_told(opener: Opener, path: Path) -> None:
    assert opener().warnings == ()
    path.parent.chmod(0o777)
    (warning,) = opener().warnings
    assert warning == f"Others can change or remove the history in its folder; run: chmod 700 {path.parent}"
    path.parent.chmod(0o700)


@pytest.mark.parametrize("pressed", [True, False])
def test_leaving_a_locked_history_is_told_and_can_be_hurried(
    opener: Opener, path: Path, capsys: pytest.CaptureFixture[str], pressed: bool
) -> None:
    history = opener(timing=QUICK)
    asked = ask(history)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        history.journal(asked.attempt.id, CONTENT, "said at the end")
        kept = threading.Event()
        put_aside = history.save_pending

        def save_pending() -> Path | None:
            place = put_aside()
            kept.set()
            return place

        history.save_pending = save_pending  # type: ignore[method-assign]  # to know when it is there
        began = time.monotonic()
        with close_patiently(history, PatientClose(quiet=0.01, longest=60.0 if pressed else 0.02)):
            assert kept.wait(5)
            assert len(list(path.parent.glob("*unsaved*"))) == 1
            if pressed:
                signal.raise_signal(signal.SIGINT)
            with pytest.raises(StoreError, match="next start"):
                history.close()
        assert time.monotonic() - began < 4.0  # less than the patience of a single write
    assert "waiting for another program to release the history" in capsys.readouterr().err
    assert len(list(path.parent.glob("*unsaved*"))) == 1
    assert opener().raw_text(asked.attempt.id, CONTENT) == "said at the end"


def test_leaving_a_free_history_says_nothing(opener: Opener, capsys: pytest.CaptureFixture[str]) -> None:
    history = opener()
    with close_patiently(history, PatientClose(quiet=30.0)):
        history.close()
    assert capsys.readouterr().err == ""


def test_a_folder_that_cannot_be_made_is_told(opener: Opener, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreFull, match="cannot be kept"):
        opener(tmp_path / "file" / "history.db")


def test_a_file_that_cannot_be_written_can_be_read_and_says_why_no_more(opener: Opener) -> None:
    writable = opener()
    asked = ask(writable)
    writable.close()

    def read_only(path: Path, timeout: float) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)

    history = opener(connector=read_only)
    assert [each.text for each in history.branch(asked.conversation_id)] == ["Why?", ""]
    with pytest.raises(StoreFull, match="cannot be written"):
        history.create_conversation(title="new")


def test_a_file_system_without_shared_memory_gets_a_delete_journal(opener: Opener) -> None:
    def without(path: Path, timeout: float) -> sqlite3.Connection:
        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
                if sql == "PRAGMA journal_mode = WAL":
                    return super().execute("SELECT 'delete'")
                return super().execute(sql, *values)  # type: ignore[arg-type]  # handed on

        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Connection)

    history = opener(connector=without)
    assert (history.mode.journal, history.mode.synchronous) == ("delete", "FULL")
    assert "shared memory" in history.warnings[0]
