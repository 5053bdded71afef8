from __future__ import annotations

import io
import json
import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Message, Problem, Role, Usage
from holytui.store.sqlite import schema
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.transfer.transfer import Format, import_from
from holytui.store.values import Spent
from holytui.ui.transcript.loading import fork
from tests.store.conftest import Opener
from tests.store.samples import CONTENT, Asked, ask, attempt_for
from tests.store.test_transfer import written

EVER = (0.0, math.inf)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(opener: Opener, clock: Clock) -> SqliteHistory:
    return opener(clock=clock)


def finish(history: SqliteHistory, asked: Asked, usage: Usage | None, **more: object) -> Message:
    found = history.message(asked.answer.id)
    assert found is not None
    figures: dict[str, object] = {"state": AnswerState.COMPLETE, "usage": usage, "duration_s": 2.0, **more}
    ended = replace(found, **figures)  # type: ignore[arg-type]  # each test knows its fields
    history.finish(ended)
    return ended


def ever(history: SqliteHistory, conversation_id: str | None = None) -> Spent:
    (found,) = history.spent(EVER, conversation_id)
    return found


def test_an_answer_is_told_with_its_times_and_how_it_ended(history: SqliteHistory, clock: Clock) -> None:
    asked = ask(history)
    history.begin_attempt(attempt_for(asked.answer.id, 2))
    problem = Problem("Cut", "", Fault(FaultKind.RESET))
    clock.now = 5000.0
    finish(
        history, asked, Usage(10, 30), state=AnswerState.INTERRUPTED, problem=problem, first_token_s=0.5, duration_s=3.5
    )
    (told,) = history.last_answers(10)
    assert (told.at, told.model, told.requests, told.state) == (1000.0, "guide/guide", 2, AnswerState.INTERRUPTED)
    assert (told.fault, told.usage, told.first_token_s, told.duration_s) == (problem.fault, Usage(10, 30), 0.5, 3.5)
    assert told.rate == pytest.approx(10.0)
    assert ever(history).retries == 1


@pytest.mark.parametrize("more", [{"usage": None}, {"usage": Usage(3, 0)}, {"duration_s": None}])
def test_a_rate_that_is_not_known_is_none(history: SqliteHistory, more: dict[str, object]) -> None:
    finish(history, ask(history), **{"usage": Usage(1, 2), **more})  # type: ignore[arg-type]  # fields
    assert history.last_answers(1)[0].rate is None


def test_the_last_answers_come_oldest_first_and_no_more_than_asked_for(history: SqliteHistory, clock: Clock) -> None:
    for number in range(5):
        clock.now = 1000.0 + number
        finish(history, ask(history), Usage(number, 1))
    assert [told.usage for told in history.last_answers(3)] == [Usage(2, 1), Usage(3, 1), Usage(4, 1)]


@pytest.mark.parametrize("state", [AnswerState.STOPPED, AnswerState.FAILED, AnswerState.INTERRUPTED])
def test_what_an_answer_used_counts_however_it_ended(history: SqliteHistory, state: AnswerState) -> None:
    finish(history, ask(history), Usage(10, 5, at_least=True), state=state)
    assert ever(history) == Spent(0, "guide/guide", 1, Usage(10, 5, at_least=True), 1)


def test_an_answer_cut_by_a_kill_counts_as_at_least_nothing(opener: Opener) -> None:
    first = opener()
    asked = ask(first)
    first.journal(asked.attempt.id, CONTENT, "half an ans")
    first.flush()
    with closing(sqlite3.connect(first.path)) as connection, connection:
        connection.execute("UPDATE lease SET pid = 0, boot_id = 'gone', host = 'elsewhere', heartbeat = 0")
    second = opener()
    assert [cut.id for cut in second.unfinished()] == [asked.answer.id]
    assert ever(second) == Spent(0, "guide/guide", 1, Usage(at_least=True), 1)


def test_a_request_that_was_refused_costs_nothing(history: SqliteHistory) -> None:
    asked = ask(history)
    history.update_attempt(replace(asked.attempt, status=401, ended_at=1001.0))
    finish(history, asked, None, state=AnswerState.FAILED)
    assert ever(history).usage == Usage()


def test_an_answer_for_which_nothing_was_asked_is_none(history: SqliteHistory) -> None:
    made = history.create_conversation(title="t")
    question = history.add_message(made.id, Role.USER, "?", parent_id=None)
    answer = history.add_message(
        made.id, Role.ASSISTANT, "", parent_id=question.id, model="a/b", state=AnswerState.QUEUED
    )
    history.finish(replace(answer, state=AnswerState.STOPPED))
    assert history.last_answers(9) == []
    assert history.spent(EVER) == []


def test_other_branches_and_variants_count_and_are_told_apart_by_model(history: SqliteHistory) -> None:
    asked = ask(history)
    finish(history, asked, Usage(10, 1))
    again = history.add_message(
        asked.conversation_id,
        Role.ASSISTANT,
        "",
        parent_id=asked.question.id,
        model="a/b",
        state=AnswerState.QUEUED,
    )
    attempt = attempt_for(again.id)
    history.begin_attempt(attempt)
    finish(history, Asked(asked.conversation_id, asked.question, again, attempt), Usage(20, 2, estimated=True))
    finish(history, ask(history), Usage(400, 40))
    assert history.spent(EVER, asked.conversation_id) == [
        Spent(0, "a/b", 1, Usage(20, 2, estimated=True), 1),
        Spent(0, "guide/guide", 1, Usage(10, 1), 1),
    ]
    assert len(history.last_answers(9, asked.conversation_id)) == 2


def test_an_answer_that_goes_on_later_is_still_one(history: SqliteHistory, clock: Clock) -> None:
    asked = ask(history)
    finish(history, asked, Usage(10, 5), state=AnswerState.INTERRUPTED)
    clock.now = 90_000.0
    history.set_state(asked.answer.id, AnswerState.QUEUED)
    history.begin_attempt(attempt_for(asked.answer.id, 2))
    finish(history, asked, Usage(22, 9))
    assert history.spent((0.0, 2000.0, math.inf)) == [Spent(0, "guide/guide", 1, Usage(22, 9), 2)]


def test_a_text_kept_as_a_variant_and_a_forked_branch_cost_nothing(history: SqliteHistory) -> None:
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "Half of")
    history.copy_as_variant(asked.answer.id)
    finish(history, asked, Usage(10, 5))
    fork(history, asked.answer)
    assert ever(history) == Spent(0, "guide/guide", 1, Usage(10, 5), 1)
    assert len(history.last_answers(9)) == 1


def test_deleted_conversations_count_until_they_are_destroyed(history: SqliteHistory) -> None:
    asked = ask(history)
    finish(history, asked, Usage(10, 5))
    history.delete_conversation(asked.conversation_id)
    assert ever(history).answers == 1
    history.purge_deleted(math.inf)
    assert history.spent(EVER) == []


def test_spans_end_before_their_bounds_and_what_is_outside_is_left_out(history: SqliteHistory, clock: Clock) -> None:
    for at in (99.0, 100.0, 199.5, 200.0, 300.0):
        clock.now = at
        finish(history, ask(history), Usage(int(at), 1))
    found = history.spent((100.0, 200.0, 300.0))
    assert [(each.span, each.answers, each.usage.input) for each in found] == [(0, 2, 299), (1, 1, 200)]
    assert history.spent((100.0,)) == history.spent(()) == []


# -- from elsewhere


def exported(opener: Opener, folder: Path) -> tuple[str, str]:
    other = opener(folder / "other" / "history.db")
    asked = ask(other)
    finish(other, asked, Usage(7, 8))
    return asked.conversation_id, written(other, Format.JSONL, asked.conversation_id)


def test_imported_answers_are_not_ours_but_have_figures_in_their_conversation(
    opener: Opener, history: SqliteHistory, tmp_path: Path
) -> None:
    talk, text = exported(opener, tmp_path)
    import_from(history, io.StringIO(text))
    assert history.spent(EVER) == []
    assert history.last_answers(9) == []
    assert ever(history, talk).usage == Usage(7, 8)
    assert [told.usage for told in history.last_answers(9, talk)] == [Usage(7, 8)]


def test_an_imported_answer_becomes_ours_when_it_is_asked_for_here_and_not_before(
    opener: Opener, history: SqliteHistory, tmp_path: Path
) -> None:
    talk, text = exported(opener, tmp_path)
    import_from(history, io.StringIO(text))
    answer = history.branch(talk)[-1]
    history.finish(answer)  # as undoing a seam does
    assert history.spent(EVER) == []
    history.set_state(answer.id, AnswerState.QUEUED)
    history.begin_attempt(attempt_for(answer.id, 2))
    history.finish(replace(answer, usage=Usage(17, 18)))
    assert ever(history) == Spent(0, "guide/guide", 1, Usage(17, 18), 2)


@pytest.mark.parametrize("wrong", ["12", -1, 1 << 70, [3], True, None])
def test_a_file_with_figures_that_are_none_is_refused_and_the_history_still_adds_up(
    opener: Opener, history: SqliteHistory, tmp_path: Path, wrong: object
) -> None:
    _talk, text = exported(opener, tmp_path)
    entry = json.loads(text)
    entry["messages"][1]["usage"]["input"] = wrong
    done = import_from(history, io.StringIO(json.dumps(entry)))
    assert len(done.skipped) == 1
    assert history.conversations() == []


def test_figures_as_large_as_a_file_can_tell_add_up(opener: Opener, history: SqliteHistory, tmp_path: Path) -> None:
    talk, text = exported(opener, tmp_path)
    entry = json.loads(text)
    most = (1 << 62) - 1
    first = entry["messages"][1]
    first["usage"]["input"] = most
    entry["messages"] += [{**first, "id": f"again-{number}", "attempts": []} for number in range(5)]
    import_from(history, io.StringIO(json.dumps(entry)))
    assert ever(history, talk).usage.input == pytest.approx(6 * most)


# -- older and damaged files


def without_figures(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        # what came later goes as well; not every sqlite can drop a column
        connection.executescript(
            'DROP TABLE figure; DROP TABLE stream; ALTER TABLE attempt RENAME COLUMN "end" TO unused;'
            "PRAGMA user_version = 4"
        )


def seen(history: SqliteHistory) -> tuple[Sequence[object], Sequence[object]]:
    return history.spent(EVER), history.last_answers(99)


def test_a_file_without_figures_gets_those_of_the_answers_that_it_has(opener: Opener, clock: Clock, path: Path) -> None:
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
    assert ever(opener()).usage == Usage(at_least=True)


@pytest.mark.parametrize("version", [4, schema.VERSION])
def test_a_damaged_file_keeps_its_figures(opener: Opener, tmp_path: Path, path: Path, version: int) -> None:
    _talk, imported = exported(opener, tmp_path)
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
        assert ever(history) == Spent(0, "guide/guide", 3, Usage(30, 15), 3)


def test_a_rate_leaves_out_the_time_without_a_connection(history: SqliteHistory) -> None:
    asked = ask(history)
    first = replace(asked.attempt, first_token_at=1.0, ended_at=2.0, usage=Usage(1, 10))
    history.update_attempt(first)
    history.update_attempt(replace(first, id="second", number=2, first_token_at=602.0, ended_at=604.0))
    history.update_attempt(replace(first, id="third", number=3, first_token_at=605.0, ended_at=700.0, usage=None))
    finish(history, asked, Usage(2, 30), first_token_s=1.0, duration_s=700.0)
    assert history.last_answers(1)[0].rate == pytest.approx(10.0)
