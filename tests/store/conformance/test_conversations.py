"""Conversations and facts: stored, listed, found, deleted and restored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holytui.errors import StoreError
from holytui.models import AnswerState, Role
from holytui.store.history import History
from tests.store.conformance.conftest import Opener
from tests.store.samples import CONTENT, ask


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


def test_a_conversation_is_found_by_an_unambiguous_beginning_or_end(history: History) -> None:
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


def test_a_deleted_conversation_is_hidden_until_restored(history: History) -> None:
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
def test_fields_that_cannot_be_set_are_refused(history: History, fields: dict[str, object]) -> None:
    made = history.create_conversation(title="t")
    with pytest.raises(TypeError):
        history.update_conversation(made.id, **fields)


def test_facts_are_kept_and_replaced(opener: Opener) -> None:
    first = opener()
    first.remember("prefill https://x", "no")
    first.remember("prefill https://x", "yes")
    first.close()
    again = opener()
    assert again.recall("prefill https://x") == "yes"
    assert again.recall("other") is None
