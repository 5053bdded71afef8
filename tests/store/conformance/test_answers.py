"""The journal of an answer: attempts, joins, ends, and answers whose process died."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holytui.errors import StoreBusy
from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Join, Problem, Role, Usage
from holytui.store.history import History
from tests.store.conformance.conftest import Opener
from tests.store.samples import CONTENT, REASONING, ask, attempt_for


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
        usage=Usage(1, 2, 3, 4, 5, 0.25, True, True),
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


def test_the_newest_leaf_after_a_restart_is_the_answer_that_goes_on(history: History) -> None:
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
    keep: int, resumed_by: str, begun_again: bool, history: History
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


def test_a_fork_keeps_all_that_is_known_of_its_answers(history: History) -> None:
    asked = ask(history)
    history.update_conversation(asked.conversation_id, params={"temperature": 0.5})
    history.update_attempt(replace(asked.attempt, end=4))
    history.journal(asked.attempt.id, CONTENT, "half and more")
    cut_id = history.copy_as_variant(asked.answer.id)
    again = replace(attempt_for(asked.answer.id, 2, Join.RESTART, 0), resumed_by="restart")
    history.begin_attempt(again)
    seam = attempt_for(asked.answer.id, 3, Join.MARKED)
    history.begin_attempt(seam)
    history.journal(again.id, CONTENT, "whole")
    history.journal(seam.id, CONTENT, " rest")
    history.set_state(asked.answer.id, AnswerState.COMPLETE)
    answer = history.message(asked.answer.id)
    assert answer is not None

    new = history.fork(answer.id, "copy")
    talk = history.conversation(new)
    assert talk is not None
    assert (talk.title, talk.params) == ("copy", {"temperature": 0.5})
    copy = history.branch(new)[-1]
    same = {"id": answer.id, "conversation_id": answer.conversation_id, "parent_id": answer.parent_id}
    assert replace(copy, **same) == answer  # type: ignore[arg-type]  # fields
    assert (copy.text, copy.seams, copy.begun_again) == ("whole rest", (5,), True)
    assert [(one.join, one.end, one.keep) for one in history.attempts(copy.id)] == [
        (one.join, one.end, one.keep) for one in history.attempts(answer.id)
    ]
    cut, last = history.variants(copy.id)
    assert (cut.text, last.id) == ("half", copy.id)
    original = history.message(cut_id)
    assert original is not None
    assert original.text == cut.text


def test_another_process_reads_an_answer_on_its_way(opener: Opener) -> None:
    history, other = opener(), opener()
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "half ")
    history.flush()
    found = other.message(asked.answer.id)
    assert found is not None
    assert (found.text, found.state) == ("half ", AnswerState.QUEUED)
    assert other.conversations()[0].streaming
    history.finish(replace(found, text="half and half", state=AnswerState.COMPLETE))
    assert not other.conversations()[0].streaming


def test_an_answer_is_built_by_its_joins(history: History) -> None:
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "one two thr")
    second = attempt_for(asked.answer.id, 2, Join.OVERLAP, keep=8, cut=4)
    history.begin_attempt(second)
    history.journal(second.id, CONTENT, "two three")
    third = attempt_for(asked.answer.id, 3, Join.MARKED)
    history.begin_attempt(third)
    history.journal(third.id, CONTENT, " four")
    found = history.message(asked.answer.id)
    assert found is not None
    assert (found.text, found.seams, found.attempts) == ("one two three four", (13,), 3)
    history.update_attempt(replace(third, keep=3))
    found = history.message(asked.answer.id)
    assert found is not None
    assert found.text == "one four"


def test_a_delta_after_the_end_is_kept_behind_the_others(history: History) -> None:
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "in ")
    history.finish(replace(asked.answer, text="in", state=AnswerState.STOPPED))
    history.journal(asked.attempt.id, CONTENT, "late")
    history.flush()
    assert history.raw_text(asked.attempt.id, CONTENT) == "in late"
    found = history.message(asked.answer.id)
    assert found is not None
    assert found.text == "in"


def test_an_end_must_be_an_end(history: History) -> None:
    asked = ask(history)
    with pytest.raises(ValueError, match="streaming"):
        history.finish(replace(asked.answer, state=AnswerState.STREAMING))


def test_a_final_state_ends_the_answer_with_what_is_in_the_journal(history: History) -> None:
    asked = ask(history)
    history.set_state(asked.answer.id, AnswerState.STREAMING)
    history.journal(asked.attempt.id, CONTENT, "so far")
    history.set_state(asked.answer.id, AnswerState.STOPPED)
    found = history.message(asked.answer.id)
    assert found is not None
    assert (found.text, found.state) == ("so far", AnswerState.STOPPED)
    assert not history.conversations()[0].streaming


def test_the_usage_of_a_cut_answer_says_that_it_is_at_least_that(opener: Opener) -> None:
    first = opener()
    asked = ask(first)
    first.update_attempt(replace(asked.attempt, usage=Usage(10, 5)))
    first.begin_attempt(attempt_for(asked.answer.id, 2))
    first.close()
    (cut,) = opener().unfinished()
    assert cut.usage == Usage(10, 5, at_least=True)
    assert cut.attempts == 2


def test_an_answer_that_was_never_asked_for_says_so_when_its_process_died(opener: Opener) -> None:
    first = opener()
    cut = ask(first)
    waiting = first.add_message(
        cut.conversation_id, Role.ASSISTANT, "", parent_id=cut.question.id, model="m", state=AnswerState.QUEUED
    )
    first.close()
    problems = {message.id: message.problem for message in opener().unfinished()}
    assert problems[cut.answer.id] == Problem(
        "holytui ended before this answer did",
        "All text that had arrived is kept.\n{Press:message.resume} to get the rest.",
    )
    assert problems[waiting.id] == Problem(
        "holytui ended before this question was sent", "{Press:message.resume} to send it."
    )


def test_an_answer_before_its_first_attempt_is_not_taken_for_cut(opener: Opener) -> None:
    one, two = opener(), opener()
    talk = one.create_conversation(title="t")
    one.add_message(talk.id, Role.ASSISTANT, "", parent_id=None, state=AnswerState.QUEUED)
    assert two.unfinished() == []


def test_nobody_else_may_go_on_with_or_end_an_answer_on_its_way(opener: Opener) -> None:
    one, two = opener(), opener()
    asked = ask(one)
    one.journal(asked.attempt.id, CONTENT, "mine")
    ended = replace(asked.answer, text="theirs", state=AnswerState.COMPLETE)
    with pytest.raises(StoreBusy, match="Another holytui"):
        two.finish(ended)
    with pytest.raises(StoreBusy):
        two.begin_attempt(attempt_for(asked.answer.id, 2))
    with pytest.raises(StoreBusy):
        two.set_state(asked.answer.id, AnswerState.STOPPED)
    with pytest.raises(StoreBusy):
        two.set_state(asked.answer.id, AnswerState.RESUMING)
    assert [each.number for each in two.attempts(asked.answer.id)] == [1]
    one.finish(replace(ended, text="mine"))
    two.finish(ended)
    found = one.message(asked.answer.id)
    assert found is not None
    assert found.text == "theirs"


def test_a_closed_history_lets_go_of_its_answers(opener: Opener) -> None:
    one, two = opener(), opener()
    asked = ask(one)
    one.journal(asked.attempt.id, CONTENT, "so far")
    one.close()
    (cut,) = two.unfinished()
    assert (cut.id, cut.text, cut.state) == (asked.answer.id, "so far", AnswerState.INTERRUPTED)
    two.begin_attempt(attempt_for(cut.id, 2))
    two.set_state(cut.id, AnswerState.RESUMING)
    now = two.message(cut.id)
    assert now is not None
    assert (now.text, now.state) == ("so far", AnswerState.RESUMING)


def test_a_read_sees_all_text_that_was_journalled_before(history: History) -> None:
    asked = ask(history)
    for piece in ("Tiế", "ng ", "Việt"):
        history.journal(asked.attempt.id, CONTENT, piece)
        history.journal(asked.attempt.id, REASONING, piece.upper())
        assert history.raw_text(asked.attempt.id, CONTENT).endswith(piece)
    found = history.message(asked.answer.id)
    assert found is not None
    assert (found.text, found.reasoning) == ("Tiếng Việt", "TIẾNG VIỆT")
    assert history.branch(asked.conversation_id)[-1] == found
    assert history.variants(asked.answer.id) == [found]


def test_flushed_text_is_there_for_others(opener: Opener) -> None:
    one, two = opener(), opener()
    asked = ask(one)
    one.journal(asked.attempt.id, CONTENT, "half")
    one.flush()
    assert one.write_problem is None
    assert two.raw_text(asked.attempt.id, CONTENT) == "half"
