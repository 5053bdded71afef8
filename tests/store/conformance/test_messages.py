"""The tree of messages: branches, variants, withdrawn questions, odd texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holytui.errors import StoreError
from holytui.models import AnswerState, DeltaKind, Role
from holytui.store.history import History
from tests.store.samples import ask, attempt_for


def test_what_is_not_there_is_told_and_nothing_is_written(history: History) -> None:
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


def test_a_message_that_is_not_to_be_shown_leaves_the_leaf(history: History) -> None:
    asked = ask(history)
    history.add_message(asked.conversation_id, Role.USER, "aside", parent_id=asked.question.id, show=False)
    found = history.conversation(asked.conversation_id)
    assert found is not None
    assert found.leaf_id == asked.answer.id


def test_variants_and_the_leaf_below_them(history: History) -> None:
    asked = ask(history)
    history.finish(replace(asked.answer, text="first", state=AnswerState.COMPLETE))
    edited = history.add_message(asked.conversation_id, Role.USER, "Why not?", parent_id=None)
    deeper = history.add_message(asked.conversation_id, Role.ASSISTANT, "second", parent_id=edited.id)
    assert [each.text for each in history.variants(edited.id)] == ["Why?", "Why not?"]
    assert [each.text for each in history.branch(asked.conversation_id)] == ["Why not?", "second"]
    assert [each.text for each in history.branch(asked.conversation_id, asked.answer.id)] == ["Why?", "first"]
    assert history.leaf_below(edited.id) == deeper.id
    assert history.leaf_below(asked.question.id) == asked.answer.id


def test_ids_and_figures_can_be_read_without_texts(history: History) -> None:
    asked = ask(history)
    done = replace(asked.answer, text="first", reasoning="hm", state=AnswerState.COMPLETE, finish_reason="stop")
    history.finish(done)
    again = history.add_message(
        asked.conversation_id, Role.ASSISTANT, "", parent_id=asked.question.id, state=AnswerState.QUEUED
    )
    for each in (asked.question.id, asked.answer.id, again.id):
        assert list(history.variant_ids(each)) == [one.id for one in history.variants(each)]
    assert list(history.variant_ids("nobody")) == []
    stored = history.message(asked.answer.id)
    assert stored is not None
    assert (stored.text, stored.reasoning) == ("first", "hm")
    assert history.message(asked.answer.id, texts=False) == replace(stored, text="", reasoning="")
    attempt = attempt_for(again.id)
    history.begin_attempt(attempt)
    history.journal(attempt.id, DeltaKind.CONTENT, "so far")
    assert history.message(again.id, texts=False) == history.message(again.id)


def test_odd_text_is_stored_and_never_fails(history: History) -> None:
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


def test_a_question_in_the_middle_a_last_one_and_another_answer(history: History) -> None:
    talk = history.create_conversation(title="t").id

    def asked(text: str, parent: str | None) -> tuple[str, str]:
        question = history.add_message(talk, Role.USER, text, parent_id=parent).id
        return question, answered(question)

    def answered(question: str) -> str:
        return history.add_message(talk, Role.ASSISTANT, "", parent_id=question, state=AnswerState.QUEUED).id

    def texts() -> list[str]:
        return [one.text for one in history.branch(talk) if one.role is Role.USER]

    first, one = asked("first", None)
    _second, two = asked("second", one)
    _third, three = asked("third", two)
    assert history.withdraw(two)
    assert texts() == ["first", "third"]
    assert history.withdraw(three)
    assert texts() == ["first"]
    assert history.search("second") == history.search("third") == []
    again = answered(first)
    assert not history.withdraw(again)
    assert [message.id for message in history.branch(talk)] == [first, one]
    assert history.withdraw(one)
    assert history.branch(talk) == []
    assert history.unfinished() == []
