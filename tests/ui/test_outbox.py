from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from holytui.models import AnswerState, Attempt, Message, Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.ui.lifecycle.outbox import never_went_out

TRIED = Attempt("0192-t", "", 1, 100.0, ended_at=101.0)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[SqliteHistory]:
    with SqliteHistory(tmp_path / "history.db") as opened:
        yield opened


@pytest.fixture
def answer(history: SqliteHistory) -> Message:
    talk = history.create_conversation(title="t")
    asked = history.add_message(talk.id, Role.USER, "are you there?", parent_id=None)
    return history.add_message(talk.id, Role.ASSISTANT, "", parent_id=asked.id, state=AnswerState.QUEUED)


def test_a_question_without_any_request_never_went_out(history: SqliteHistory, answer: Message) -> None:
    assert never_went_out(history, answer)
    assert not never_went_out(history, replace(answer, text="It has an answer."))
    assert not never_went_out(history, replace(answer, reasoning="It was thought about."))
    assert not never_went_out(history, None)


@pytest.mark.parametrize(
    ("attempt", "never"),
    [
        pytest.param(TRIED, True, id="nobody there"),
        pytest.param(replace(TRIED, ended_at=None), False, id="under way at a kill"),
        pytest.param(replace(TRIED, status=503), False, id="answered with a status"),
        pytest.param(replace(TRIED, bytes_received=1), False, id="bytes came"),
    ],
)
def test_what_may_have_arrived_did_go_out(
    history: SqliteHistory, answer: Message, attempt: Attempt, never: bool
) -> None:
    history.begin_attempt(replace(attempt, message_id=answer.id))
    assert never_went_out(history, answer) is never
