"""Statistics of answers: what they used, how they ended, and which of them count."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace

import pytest

from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Problem, Role, Usage
from holytui.store.history import History
from holytui.store.transfer.transfer import Format, import_from
from holytui.store.values import UsageTotal
from tests.store.conformance.conftest import Opener
from tests.store.samples import (
    ALL_TIME,
    CONTENT,
    Asked,
    Clock,
    ask,
    attempt_for,
    exported_answer,
    exported_text,
    finish,
    total_usage,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(opener: Opener, clock: Clock) -> History:
    return opener(clock=clock)


def test_an_answer_is_told_with_its_times_and_how_it_ended(history: History, clock: Clock) -> None:
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
    assert total_usage(history).retries == 1


@pytest.mark.parametrize("more", [{"usage": None}, {"usage": Usage(3, 0)}, {"duration_s": None}])
def test_a_rate_that_is_not_known_is_none(history: History, more: dict[str, object]) -> None:
    finish(history, ask(history), **{"usage": Usage(1, 2), **more})  # type: ignore[arg-type]  # fields
    assert history.last_answers(1)[0].rate is None


def test_the_last_answers_come_oldest_first_and_no_more_than_asked_for(history: History, clock: Clock) -> None:
    for number in range(5):
        clock.now = 1000.0 + number
        finish(history, ask(history), Usage(number, 1))
    assert [told.usage for told in history.last_answers(3)] == [Usage(2, 1), Usage(3, 1), Usage(4, 1)]


@pytest.mark.parametrize("state", [AnswerState.STOPPED, AnswerState.FAILED, AnswerState.INTERRUPTED])
def test_what_an_answer_used_counts_however_it_ended(history: History, state: AnswerState) -> None:
    finish(history, ask(history), Usage(10, 5, at_least=True), state=state)
    assert total_usage(history) == UsageTotal(0, "guide/guide", 1, Usage(10, 5, at_least=True), 1)


def test_a_request_that_was_refused_costs_nothing(history: History) -> None:
    asked = ask(history)
    history.update_attempt(replace(asked.attempt, status=401, ended_at=1001.0))
    finish(history, asked, None, state=AnswerState.FAILED)
    assert total_usage(history).usage == Usage()


def test_an_answer_for_which_nothing_was_asked_is_none(history: History) -> None:
    made = history.create_conversation(title="t")
    question = history.add_message(made.id, Role.USER, "?", parent_id=None)
    answer = history.add_message(
        made.id, Role.ASSISTANT, "", parent_id=question.id, model="a/b", state=AnswerState.QUEUED
    )
    history.finish(replace(answer, state=AnswerState.STOPPED))
    assert history.last_answers(9) == []
    assert history.usage_totals(ALL_TIME) == []


def test_other_branches_and_variants_count_and_are_told_apart_by_model(history: History) -> None:
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
    assert history.usage_totals(ALL_TIME, asked.conversation_id) == [
        UsageTotal(0, "a/b", 1, Usage(20, 2, estimated=True), 1),
        UsageTotal(0, "guide/guide", 1, Usage(10, 1), 1),
    ]
    assert len(history.last_answers(9, asked.conversation_id)) == 2


def test_an_answer_that_goes_on_later_is_still_one(history: History, clock: Clock) -> None:
    asked = ask(history)
    finish(history, asked, Usage(10, 5), state=AnswerState.INTERRUPTED)
    clock.now = 90_000.0
    history.set_state(asked.answer.id, AnswerState.QUEUED)
    history.begin_attempt(attempt_for(asked.answer.id, 2))
    finish(history, asked, Usage(22, 9, cost=0.5))
    assert history.usage_totals((0.0, 2000.0, math.inf)) == [UsageTotal(0, "guide/guide", 1, Usage(22, 9, cost=0.5), 2)]


def test_a_text_kept_as_a_variant_and_a_forked_branch_cost_nothing(history: History) -> None:
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "Half of")
    history.copy_as_variant(asked.answer.id)
    finish(history, asked, Usage(10, 5))
    history.fork(asked.answer.id, "copy")
    assert total_usage(history) == UsageTotal(0, "guide/guide", 1, Usage(10, 5), 1)
    assert len(history.last_answers(9)) == 1


def test_deleted_conversations_count_until_they_are_destroyed(history: History) -> None:
    asked = ask(history)
    finish(history, asked, Usage(10, 5))
    history.delete_conversation(asked.conversation_id)
    assert total_usage(history).answers == 1
    history.purge_deleted(math.inf)
    assert history.usage_totals(ALL_TIME) == []


def test_spans_end_before_their_bounds_and_what_is_outside_is_left_out(history: History, clock: Clock) -> None:
    for at in (99.0, 100.0, 199.5, 200.0, 300.0):
        clock.now = at
        finish(history, ask(history), Usage(int(at), 1))
    found = history.usage_totals((100.0, 200.0, 300.0))
    assert [(each.span, each.answers, each.usage.input) for each in found] == [(0, 2, 299), (1, 1, 200)]
    assert history.usage_totals((100.0,)) == history.usage_totals(()) == []


def test_imported_answers_are_not_ours_but_have_figures_in_their_conversation(opener: Opener, history: History) -> None:
    talk, text = exported_answer(opener("other"))
    import_from(history, io.StringIO(text))
    assert history.usage_totals(ALL_TIME) == []
    assert history.last_answers(9) == []
    assert total_usage(history, talk).usage == Usage(7, 8)
    assert [told.usage for told in history.last_answers(9, talk)] == [Usage(7, 8)]


def test_an_imported_answer_becomes_ours_when_it_is_asked_for_here_and_not_before(
    opener: Opener, history: History
) -> None:
    talk, text = exported_answer(opener("other"))
    import_from(history, io.StringIO(text))
    answer = history.branch(talk)[-1]
    history.finish(answer)  # as undoing a seam does
    assert history.usage_totals(ALL_TIME) == []
    history.set_state(answer.id, AnswerState.QUEUED)
    history.begin_attempt(attempt_for(answer.id, 2))
    history.finish(replace(answer, usage=Usage(17, 18)))
    assert total_usage(history) == UsageTotal(0, "guide/guide", 1, Usage(17, 18), 2)


@pytest.mark.parametrize("wrong", ["12", -1, 1 << 70, [3], True, None])
def test_a_file_with_figures_that_are_none_is_refused_and_the_history_still_adds_up(
    opener: Opener, history: History, wrong: object
) -> None:
    _talk, text = exported_answer(opener("other"))
    entry = json.loads(text)
    entry["messages"][1]["usage"]["input"] = wrong
    done = import_from(history, io.StringIO(json.dumps(entry)))
    assert len(done.skipped) == 1
    assert history.conversations() == []


def test_figures_as_large_as_a_file_can_tell_add_up(opener: Opener, history: History) -> None:
    talk, text = exported_answer(opener("other"))
    entry = json.loads(text)
    most = (1 << 62) - 1
    first = entry["messages"][1]
    first["usage"]["input"] = most
    entry["messages"] += [{**first, "id": f"again-{number}", "attempts": []} for number in range(5)]
    import_from(history, io.StringIO(json.dumps(entry)))
    assert total_usage(history, talk).usage.input == pytest.approx(6 * most)


def test_a_rate_leaves_out_the_time_without_a_connection(history: History) -> None:
    asked = ask(history)
    first = replace(asked.attempt, first_token_at=1.0, ended_at=2.0, usage=Usage(1, 10))
    history.update_attempt(first)
    history.update_attempt(replace(first, id="second", number=2, first_token_at=602.0, ended_at=604.0))
    history.update_attempt(replace(first, id="third", number=3, first_token_at=605.0, ended_at=700.0, usage=None))
    finish(history, asked, Usage(2, 30), first_token_s=1.0, duration_s=700.0)
    assert history.last_answers(1)[0].rate == pytest.approx(10.0)


def test_reported_costs_are_added_and_the_usage_without_one_is_given(history: History) -> None:
    asked = ask(history)
    history.update_attempt(replace(asked.attempt, usage=Usage(10, 5, cache_written=3, cost=0.25)))
    finish(history, asked, Usage(10, 5, cache_written=3, cost=0.25))
    (attempt,) = history.attempts(asked.answer.id)
    assert attempt.usage == Usage(10, 5, cache_written=3, cost=0.25)
    finish(history, ask(history), Usage(20, 6, cost=0.5))
    assert total_usage(history) == UsageTotal(0, "guide/guide", 2, Usage(30, 11, cost=0.75), 2)
    finish(history, ask(history), Usage(7, 8, 1))
    assert total_usage(history).without_cost == Usage(7, 8, 1)
    assert total_usage(history).usage == Usage(37, 19, 1, cost=0.75)


def test_a_reported_cost_is_exported_and_imported(opener: Opener, history: History) -> None:
    other = opener("other")
    asked = ask(other)
    finish(other, asked, Usage(10, 5, cache_written=3, cost=0.25), duration_s=1.0)
    text = exported_text(other, Format.JSON, asked.conversation_id)
    import_from(history, io.StringIO(text))
    assert history.last_answers(1, asked.conversation_id)[0].usage == Usage(10, 5, cache_written=3, cost=0.25)
