from __future__ import annotations

import math
import stat
from pathlib import Path

from holytui.models import Role
from holytui.store.history import History
from holytui.store.sqlite.history import SqliteHistory
from tests.store.conftest import Opener
from tests.store.samples import CONTENT, ask


def test_it_is_a_history_and_a_library(history: SqliteHistory) -> None:
    as_history: History = history
    as_library: History = history
    assert as_history is as_library


def test_the_file_and_its_companions_are_private(history: SqliteHistory, path: Path) -> None:
    ask(history)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert modes == {"history.db": 0o600, "history.db-wal": 0o600, "history.db-shm": 0o600}


def test_a_file_that_others_may_read_is_made_private(opener: Opener, path: Path) -> None:
    opener().close()
    path.chmod(0o644)
    opener()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_local_files_use_wal_and_say_so(history: SqliteHistory) -> None:
    assert (history.mode.journal, history.mode.synchronous, list(history.warnings)) == ("wal", "NORMAL", [])


def test_a_network_file_system_gets_a_delete_journal_and_a_warning(opener: Opener) -> None:
    history = opener(mountinfo=lambda: "1 0 0:1 / / rw - nfs4 server:/home rw")
    assert (history.mode.journal, history.mode.synchronous, history.mode.timeout) == ("delete", "FULL", 15.0)
    assert "nfs4" in history.warnings[0]
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "kept")
    history.flush()
    assert history.path.with_name("history.db-wal").exists() is False
    assert history.raw_text(asked.attempt.id, CONTENT) == "kept"


def test_compacting_leaves_nothing_of_what_was_deleted(opener: Opener, path: Path) -> None:
    history, other = opener(), opener()
    secret = "unmistakable words of mine " * 400
    talk = history.create_conversation(title="t")
    history.add_message(talk.id, Role.USER, secret, parent_id=None)
    kept = history.create_conversation(title="kept")
    history.delete_conversation(talk.id)
    assert history.purge_deleted(math.inf) == 1
    backup = path.with_name(path.name + ".v1-20250101-000000")
    backup.write_bytes(b"")
    done = history.compact()
    assert done.after < done.before
    assert done.copies == (backup,)
    for end in ("", "-wal"):
        place = path.with_name(path.name + end)
        assert not place.exists() or b"unmistakable" not in place.read_bytes()
    assert [each.id for each in other.conversations()] == [kept.id]
    assert history.search("kept")


def test_it_closes_itself_when_left(path: Path) -> None:
    with SqliteHistory.open(path) as history:
        history.create_conversation(title="t")
    assert [each.name for each in path.parent.iterdir()] == ["history.db"]
