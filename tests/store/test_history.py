from __future__ import annotations

import math
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from holytui.errors import StoreError
from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Join, Problem, Role, Usage
from holytui.store.history import History
from holytui.store.sqlite.history import SqliteHistory
from tests.store.conftest import Opener
from tests.store.samples import CONTENT, REASONING, ask, attempt_for


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


def test_everything_of_a_conversation_comes_back(opener: Opener) -> None:
    first = opener()
    made = first.create_conversation(title="Đường", model="a/b", system="be brief")
    first.update_conversation(
        made.id, title="Đường phố", params={"temperature": 0.5}, pinned=True, draft="half a", unread=True
    )
    first.close()
    found = opener().conversation(made.id)
    assert found == replace(
        made, title="Đường phố", params={"temperature": 0.5}, pinned=True, draft="half a", unread=True
    )


def test_everything_of_an_answer_comes_back(opener: Opener) -> None:
    first = opener()
    asked = ask(first)
    fault = Fault(FaultKind.STATUS, "busy", 429, "rate_limit", 2.5, "n")
    attempt = replace(
        asked.attempt,
        first_token_at=1.0,
        ended_at=2.0,
        join=Join.OVERLAP,
        keep=3,
        cut=1,
        resumed_by="prefill",
        bytes_received=99,
        status=200,
        finish_reason="stop",
        fault=fault,
        usage=Usage(1, 2, 3, 4, True, True),
    )
    first.update_attempt(attempt)
    answer = replace(
        asked.answer,
        text="Tiếng Việt",
        reasoning="hm",
        state=AnswerState.FAILED,
        finish_reason="length",
        problem=Problem("It broke", "Try again", fault),
        usage=Usage(5, 6),
        attempts=1,
        first_token_s=0.5,
        duration_s=1.5,
        reasoning_s=0.25,
        seams=(1, 4),
    )
    first.finish(answer)
    first.close()
    again = opener()
    assert again.message(answer.id) == answer
    assert again.attempts(answer.id) == [attempt]


def test_a_conversation_is_found_by_an_unambiguous_beginning_or_end(history: SqliteHistory) -> None:
    assert history.conversation("last") is None
    one, two = history.create_conversation(title="1"), history.create_conversation(title="2")
    assert history.conversation(one.id[:-1]) == one
    assert history.conversation(one.id[-8:]) == one
    assert history.conversation(one.id[-3:]) is None
    assert history.conversation("last") == two
    history.update_conversation(two.id, archived=True)
    assert history.conversation("last") == one
    two = history.conversation(two.id) or two
    assert history.conversation(two.id) == two
    assert history.conversation(one.id[:6]) is None
    assert history.conversation("") is None
    assert history.conversation("%") is None


def test_the_list_is_newest_first_and_without_archived_ones(opener: Opener) -> None:
    times = iter(range(1000))
    history = opener(clock=lambda: float(next(times)))
    old, new, gone = (history.create_conversation(title=title) for title in ("old", "new", "gone"))
    history.update_conversation(gone.id, archived=True)
    assert [each.title for each in history.conversations()] == ["new", "old"]
    assert [each.title for each in history.conversations(archived=True)] == ["gone"]
    history.add_message(old.id, Role.USER, "again", parent_id=None)
    assert [each.title for each in history.conversations()] == ["old", "new"]
    assert new in history.conversations()


def test_a_deleted_conversation_is_hidden_until_restored(history: SqliteHistory) -> None:
    asked = ask(history, "hidden words")
    history.delete_conversation(asked.conversation_id)
    assert history.conversations() == []
    assert history.conversation(asked.conversation_id) is None
    assert history.search("hidden words") == []
    assert [each.id for each in history.deleted_conversations()] == [asked.conversation_id]
    history.restore_conversation(asked.conversation_id)
    assert [each.id for each in history.conversations()] == [asked.conversation_id]
    assert len(history.search("hidden words")) == 1


def test_a_purge_takes_only_what_was_deleted_before(opener: Opener) -> None:
    now = [1000.0]
    history = opener(clock=lambda: now[0])
    old, new, kept = ask(history, "old one"), ask(history, "new one"), ask(history, "kept one")
    history.journal(old.attempt.id, CONTENT, "text")
    history.delete_conversation(old.conversation_id)
    assert history.purge_deleted(1500.0) == 0  # its answer is still on its way
    history.set_state(old.answer.id, AnswerState.STOPPED)
    now[0] = 2000.0
    history.delete_conversation(new.conversation_id)
    assert history.purge_deleted(1500.0) == 1
    assert history.message(old.answer.id) is None
    assert history.raw_text(old.attempt.id, CONTENT) == ""
    history.restore_conversation(new.conversation_id)
    assert {each.id for each in history.conversations()} == {new.conversation_id, kept.conversation_id}
    with pytest.raises(StoreError):
        history.restore_conversation(old.conversation_id)


@pytest.mark.parametrize("fields", [{"title": 3}, {"nope": "x"}, {"pinned": "yes"}, {"leaf_id": 4}, {"params": []}])
def test_fields_that_cannot_be_set_are_refused(history: SqliteHistory, fields: dict[str, object]) -> None:
    made = history.create_conversation(title="t")
    with pytest.raises(TypeError):
        history.update_conversation(made.id, **fields)


def test_what_is_not_there_is_told_and_nothing_is_written(history: SqliteHistory) -> None:
    asked = ask(history)
    other = history.create_conversation(title="other")
    with pytest.raises(StoreError):
        history.update_conversation("nobody", title="x")
    with pytest.raises(StoreError):
        history.update_conversation(other.id, leaf_id=asked.answer.id)
    with pytest.raises(StoreError):
        history.add_message(other.id, Role.USER, "x", parent_id=asked.question.id)
    with pytest.raises(StoreError):
        history.add_message("nobody", Role.USER, "x", parent_id=None)
    with pytest.raises(StoreError):
        history.leaf_below("nobody")
    with pytest.raises(StoreError):
        history.begin_attempt(attempt_for("nobody"))
    with pytest.raises(StoreError):
        history.set_state("nobody", AnswerState.WAITING)
    with pytest.raises(StoreError):
        history.finish(replace(asked.answer, id="nobody", state=AnswerState.COMPLETE))
    assert history.message("nobody") is None
    assert history.branch(other.id) == history.branch("nobody") == history.variants("nobody") == []


def test_a_message_that_is_not_to_be_shown_leaves_the_leaf(history: SqliteHistory) -> None:
    asked = ask(history)
    history.add_message(asked.conversation_id, Role.USER, "aside", parent_id=asked.question.id, show=False)
    found = history.conversation(asked.conversation_id)
    assert found is not None
    assert found.leaf_id == asked.answer.id


def test_variants_and_the_leaf_below_them(history: SqliteHistory) -> None:
    asked = ask(history)
    history.finish(replace(asked.answer, text="first", state=AnswerState.COMPLETE))
    edited = history.add_message(asked.conversation_id, Role.USER, "Why not?", parent_id=None)
    deeper = history.add_message(asked.conversation_id, Role.ASSISTANT, "second", parent_id=edited.id)
    assert [each.text for each in history.variants(edited.id)] == ["Why?", "Why not?"]
    assert [each.text for each in history.branch(asked.conversation_id)] == ["Why not?", "second"]
    assert [each.text for each in history.branch(asked.conversation_id, asked.answer.id)] == ["Why?", "first"]
    assert history.leaf_below(edited.id) == deeper.id
    assert history.leaf_below(asked.question.id) == asked.answer.id


def test_the_newest_leaf_after_a_restart_is_the_answer_that_goes_on(history: SqliteHistory) -> None:
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "cut ans")
    history.journal(asked.attempt.id, REASONING, "thoughts")
    copy = history.copy_as_variant(asked.answer.id)
    assert history.leaf_below(asked.question.id) == asked.answer.id
    kept = history.message(copy)
    assert kept is not None
    assert (kept.text, kept.reasoning, kept.state, kept.attempts) == (
        "cut ans",
        "thoughts",
        AnswerState.INTERRUPTED,
        1,
    )
    again = attempt_for(asked.answer.id, 2, Join.RESTART, keep=0)
    history.begin_attempt(again)
    history.journal(again.id, CONTENT, "whole")
    assert [each.text for each in history.variants(copy)] == ["cut ans", "whole"]
    (twin,) = history.attempts(copy)
    assert history.raw_text(twin.id, CONTENT) == "cut ans"
    assert history.raw_text(asked.attempt.id, CONTENT) == "cut ans"


def test_odd_text_is_stored_and_never_fails(history: SqliteHistory) -> None:
    lone, pair = "a\ud800b", "\ud83d\ude00"
    made = history.create_conversation(title=lone)
    message = history.add_message(made.id, Role.USER, f"{lone}{pair}\0 '\"%_", parent_id=None)
    found = history.message(message.id)
    assert message.text == "a\ufffdb😀\0 '\"%_"
    assert found == message
    history.update_conversation(made.id, draft=lone, params={"stop": lone})
    history.remember(lone, lone)
    assert history.recall(lone) == "a\ufffdb"
    for query in ("\0", '"', "a\ud800b", "NEAR(", "a AND", "*", "-", "^x:y", "%", "_", "'"):
        history.search(query)


def test_facts_are_kept_and_replaced(opener: Opener) -> None:
    first = opener()
    first.remember("prefill https://x", "no")
    first.remember("prefill https://x", "yes")
    first.close()
    again = opener()
    assert again.recall("prefill https://x") == "yes"
    assert again.recall("other") is None


def test_the_version_changes_when_anyone_writes(opener: Opener) -> None:
    one, two = opener(), opener()
    before = one.version()
    assert one.version() == before
    made = two.create_conversation(title="from the other")
    after = one.version()
    assert after != before
    one.update_conversation(made.id, pinned=True)
    assert one.version() != after


def test_only_writes_of_others_change_the_others_version(opener: Opener) -> None:
    one, two = opener(), opener()
    before = one.others_version()
    one.create_conversation(title="my own")
    assert one.others_version() == before
    two.create_conversation(title="from the other")
    assert one.others_version() != before


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


def test_a_closed_history_says_so(opener: Opener) -> None:
    history = opener()
    history.version()
    asked = ask(history)
    history.close()
    history.close()
    for use in (
        history.conversations,
        history.version,
        history.flush,
        lambda: history.journal(asked.attempt.id, CONTENT, "late"),
    ):
        with pytest.raises(StoreError, match="closed"):
            use()


def test_it_closes_itself_when_left(path: Path) -> None:
    with SqliteHistory.open(path) as history:
        history.create_conversation(title="t")
    assert [each.name for each in path.parent.iterdir()] == ["history.db"]


def test_many_threads_read_and_write_at_once(history: SqliteHistory) -> None:
    asked = ask(history)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(10):
                made = history.create_conversation(title=f"{number}-{step}")
                history.add_message(made.id, Role.USER, "x", parent_id=None)
                history.journal(asked.attempt.id, CONTENT, "y")
                history.conversations()
                history.branch(made.id)
        except BaseException as exc:  # noqa: BLE001 - a thread's failure is the test's
            failed.append(exc)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(history.conversations()) == 61
    assert history.raw_text(asked.attempt.id, CONTENT) == "y" * 60


@pytest.mark.parametrize(
    ("keep", "resumed_by", "begun_again"),
    [
        (0, "restart", True),
        (0, "instruct", True),
        (-1, "restart", False),
        (-1, "", False),  # of reasoning alone, which came before any text
        (0, "", False),  # an imported text, adopted so that it can go on
    ],
)
def test_its_attempts_tell_whether_an_answer_began_again(
    keep: int, resumed_by: str, begun_again: bool, history: SqliteHistory
) -> None:
    asked = ask(history)
    second = replace(attempt_for(asked.answer.id, 2, Join.RESTART, keep), resumed_by=resumed_by)
    history.begin_attempt(second)
    history.journal(second.id, CONTENT, "Anew")
    history.finish(replace(asked.answer, text="Anew", state=AnswerState.COMPLETE))
    found = history.message(asked.answer.id)
    assert found is not None
    assert found.begun_again is begun_again
    assert [one.begun_again for one in history.branch(asked.conversation_id)] == [False, begun_again]
