"""Histories of several hosts that exchange their changes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from holytui.models import AnswerState, Join, Role
from holytui.store.history import History, Replica
from holytui.store.replica.codec import from_json, to_json
from holytui.store.replica.records import Applied, Batch
from tests.store.conformance.conftest import Opener
from tests.store.samples import CONTENT, ONE, Clock, add_rich_conversation, ask, ask_with_images, attempt_for, finish

DAY = 86400.0


def replica(history: History) -> Replica:
    found = history.replica
    if found is None:
        pytest.skip("this kind of history exchanges no changes")
    return found


def pull(here: History, there: History, limit: int = 500) -> list[Batch]:
    """One direction of a sync; returns the parts that were sent."""
    parts: list[Batch] = []
    since, cursor = replica(here).vector(), None
    while not parts or not parts[-1].complete:
        parts.append(replica(there).changes(since, cursor, limit=limit))
        sent = from_json(json.loads(json.dumps(to_json(parts[-1]))))
        assert sent == parts[-1]
        replica(here).apply(sent)
        cursor = parts[-1].cursor
    return parts


def sync(*histories: History) -> None:
    for _ in range(2):
        for here in histories:
            for there in histories:
                if here is not there:
                    pull(here, there)


def interrupted(history: History, text: str = "half") -> tuple[str, str]:
    """A conversation and its interrupted answer."""
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, text)
    history.set_state(asked.answer.id, AnswerState.INTERRUPTED)
    return asked.conversation_id, asked.answer.id


def go_on(history: History, message_id: str, text: str) -> None:
    attempt = attempt_for(message_id, 2, Join.EXACT)
    history.begin_attempt(attempt)
    history.set_state(message_id, AnswerState.STREAMING)
    history.journal(attempt.id, CONTENT, text)
    history.set_state(message_id, AnswerState.COMPLETE)


@pytest.mark.parametrize("limit", [1, 3, 500])
def test_everything_of_a_conversation_travels(opener: Opener, limit: int) -> None:
    one, two = opener(), opener("two")
    ids = [add_rich_conversation(one), add_rich_conversation(one), ask_with_images(one, ONE).conversation_id]
    pull(two, one, limit)
    assert [two.bundle(each) for each in ids] == [one.bundle(each) for each in ids]
    assert two.usage_totals((0.0, 1e12)) == one.usage_totals((0.0, 1e12))
    assert len(two.search("english")) == 2
    assert replica(two).digest() == replica(one).digest()


def test_what_is_known_is_not_sent_again(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk = add_rich_conversation(one)
    sync(one, two)
    assert pull(two, one)[-1] == replace(pull(two, one)[-1], conversations=(), messages=())
    assert pull(one, two)[-1].messages == ()
    two.update_conversation(talk, title="renamed")
    (part,) = pull(one, two)
    assert ([each.id for each in part.conversations], part.messages) == ([talk], ())
    found = one.conversation(talk)
    assert found is not None
    assert found.title == "renamed"


def test_what_stays_on_a_host_does_not_travel(opener: Opener) -> None:
    one, two = opener(), opener("two")
    asked = ask(one)
    one.update_conversation(asked.conversation_id, draft="a draft", unread=True)
    one.remember("k", "v")
    sync(one, two)
    found = two.conversation(asked.conversation_id)
    assert found is not None
    assert (found.draft, found.unread, two.recall("k")) == ("", False, None)


def test_an_answer_travels_once_it_has_ended(opener: Opener) -> None:
    one, two = opener(), opener("two")
    asked = ask(one)
    one.journal(asked.attempt.id, CONTENT, "An answer")
    sync(one, two)
    assert two.branch(asked.conversation_id) == []
    finish(one, asked, None)
    sync(one, two)
    assert [each.text for each in two.branch(asked.conversation_id)] == ["Why?", "An answer"]


def test_a_question_that_was_withdrawn_never_travels(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk = one.create_conversation(title="A talk").id
    question = one.add_message(talk, Role.USER, "by mistake", parent_id=None)
    answer = one.add_message(talk, Role.ASSISTANT, "", parent_id=question.id, state=AnswerState.QUEUED)
    sync(one, two)
    one.withdraw(answer.id)
    sync(one, two)
    assert two.branch(talk) == []
    assert replica(one).digest() == replica(two).digest()


def test_an_interrupted_answer_is_continued_on_another_host(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk, answer = interrupted(one)
    sync(one, two)
    go_on(two, answer, " and the rest")
    sync(one, two)
    assert [each.text for each in one.branch(talk)] == ["Why?", "half and the rest"]
    assert len(one.variants(answer)) == 1
    assert one.bundle(talk) == two.bundle(talk)


def test_an_answer_that_two_hosts_continued_keeps_both_texts(opener: Opener) -> None:
    one, two, three = opener(), opener("two"), opener("three")
    talk, answer = interrupted(one)
    sync(one, two)
    go_on(one, answer, " from one")
    go_on(two, answer, " from two")
    follow = {
        history: history.add_message(talk, Role.USER, f"after {name}", parent_id=answer)
        for history, name in ((one, "one"), (two, "two"))
    }
    sync(one, two)
    pull(three, two, limit=1)
    for history in (one, two, three):
        assert {each.text for each in history.variants(answer)} == {"half from one", "half from two"}
        for name, question in (("one", follow[one]), ("two", follow[two])):
            texts = [each.text for each in history.branch(talk, question.id)]
            assert texts == ["Why?", f"half from {name}", f"after {name}"]
    assert one.bundle(talk) == two.bundle(talk) == three.bundle(talk)


def test_an_answer_in_progress_is_left_alone(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk, answer = interrupted(one)
    sync(one, two)
    go_on(two, answer, " from two")
    attempt = attempt_for(answer, 2, Join.EXACT)
    one.begin_attempt(attempt)
    one.set_state(answer, AnswerState.STREAMING)
    sync(one, two)
    one.journal(attempt.id, CONTENT, " from one")
    now = one.message(answer)
    assert now is not None
    assert now.text == "half from one"
    one.set_state(answer, AnswerState.COMPLETE)
    sync(one, two)
    assert {each.text for each in two.variants(answer)} == {"half from one", "half from two"}
    assert one.bundle(talk) == two.bundle(talk)


def test_a_variant_that_another_host_made_can_be_continued(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk, answer = interrupted(one)
    sync(one, two)
    for history, name in ((one, "one"), (two, "two")):
        attempt = attempt_for(answer, 2, Join.EXACT)
        history.begin_attempt(attempt)
        history.set_state(answer, AnswerState.STREAMING)
        history.journal(attempt.id, CONTENT, f" from {name}")
        history.set_state(answer, AnswerState.INTERRUPTED)
    sync(one, two)
    (other,) = (each for each in one.variants(answer) if each.id != answer)
    go_on(one, other.id, " to the end")
    below = one.add_message(talk, Role.USER, "more", parent_id=other.id)
    sync(one, two)
    assert [each.text for each in two.branch(talk, below.id)] == ["Why?", f"{other.text} to the end", "more"]
    assert len(two.variants(answer)) == 2
    assert one.bundle(talk) == two.bundle(talk)


@pytest.mark.parametrize("ahead", [-3 * DAY, 3 * DAY])
def test_the_later_of_two_values_wins_whatever_the_clocks_say(opener: Opener, ahead: float) -> None:
    now, other = Clock(), Clock()
    other.now = now.now = 100 * DAY
    other.now += ahead
    one, two = opener(clock=now), opener("two", clock=other)
    talk = one.create_conversation(title="first").id
    sync(one, two)
    two.update_conversation(talk, title="second")
    sync(one, two)
    one.update_conversation(talk, title="third")
    two.update_conversation(talk, pinned=True)
    sync(one, two)
    for history in (one, two):
        found = history.conversation(talk)
        assert found is not None
        assert (found.title, found.pinned) == ("third", True)


def test_a_deleted_conversation_is_deleted_everywhere_and_restored(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk = add_rich_conversation(one)
    sync(one, two)
    two.delete_conversation(talk)
    sync(one, two)
    assert one.conversation(talk) is None
    assert [each.id for each in one.deleted_conversations()] == [talk]
    one.restore_conversation(talk)
    sync(one, two)
    assert two.conversation(talk) is not None


def test_a_deletion_never_hides_what_it_had_not_seen(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk = add_rich_conversation(one)
    sync(one, two)
    two.delete_conversation(talk)
    asked = ask(one, "asked meanwhile", talk)
    finish(one, asked, None)
    sync(one, two)
    for history in (one, two):
        assert [each.text for each in history.branch(talk)][-2:] == ["asked meanwhile", ""]
    assert replica(one).digest() == replica(two).digest()
    one.delete_conversation(talk)
    sync(one, two)
    assert two.conversation(talk) is None


@pytest.mark.parametrize("again", [False, True])
def test_a_destroyed_conversation_stays_destroyed(opener: Opener, again: bool) -> None:
    clock = Clock()
    one, two, three = opener(clock=clock), opener("two", clock=clock), opener("three", clock=clock)
    talk = add_rich_conversation(one)
    sync(one, two)
    two.delete_conversation(talk)
    assert two.purge_deleted(clock.now + 1) == 1
    if again:
        finish(one, ask(one, "asked meanwhile", talk), None)
    pull(one, two)
    pull(three, two)
    pull(three, one)
    pull(two, one)
    for history in (one, two, three):
        found = history.conversation(talk)
        assert (found is not None) is again
    if again:
        assert two.search("asked meanwhile")
        assert three.search("asked meanwhile")
    else:
        assert two.deleted_conversations() == []


def test_a_conversation_that_is_not_shared_stays_until_it_is(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk = add_rich_conversation(one)
    replica(one).set_shared(talk, shared=False)
    assert replica(one).unshared() == {talk}
    sync(one, two)
    assert two.conversations() == []
    one.update_conversation(talk, title="mine")
    sync(one, two)
    assert two.conversations() == []
    replica(one).set_shared(talk, shared=True)
    sync(one, two)
    assert two.bundle(talk) == one.bundle(talk)


def test_batches_may_come_twice_and_in_any_order(opener: Opener) -> None:
    one, two, three = opener(), opener("two"), opener("three")
    talk, answer = interrupted(one)
    sync(one, two)
    go_on(two, answer, " rest")
    finish(two, ask(two, "More?", talk), None)
    parts = pull(opener("four"), two, limit=1)
    for part in (*reversed(parts), *parts):
        replica(three).apply(replace(part, complete=False))
    assert three.bundle(talk) == two.bundle(talk)
    assert all(replica(three).apply(part) == Applied() for part in parts)


def test_a_cut_transfer_goes_on_where_it_was(opener: Opener) -> None:
    one, two = opener(), opener("two")
    first = add_rich_conversation(one)
    part = replica(one).changes({}, limit=3)
    replica(two).apply(part)
    second = add_rich_conversation(one)
    one.update_conversation(first, title="meanwhile")
    sent = len(part.messages)
    parts = 1
    while not part.complete:
        part = replica(one).changes({}, part.cursor, limit=3)
        replica(two).apply(part)
        sent += len(part.messages)
        parts += 1
    assert (sent, parts > 3) == (8, True)
    for talk in (first, second):
        assert two.bundle(talk) == one.bundle(talk)
    assert pull(two, one)[0].messages == ()


def test_a_range_of_changes_is_compared_and_sent_again(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk = add_rich_conversation(one)
    found = replica(one).changes({})
    assert found.cursor is not None
    # claimed, but never received: as after a restored backup
    replica(two).apply(replace(found, conversations=(), messages=()))
    assert pull(two, one)[0].messages == ()
    assert replica(two).digest() != replica(one).digest()
    cursor, complete = replica(one).range(), False
    while not complete:
        part = replica(one).changes({}, cursor, limit=3)
        replica(two).apply(part)
        assert part.cursor is not None
        cursor, complete = part.cursor, part.complete
    assert two.bundle(talk) == one.bundle(talk)
    assert replica(two).digest() == replica(one).digest()


def test_a_new_identity_keeps_what_was_said_before(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk = add_rich_conversation(one)
    before = replica(one).hosts()[0]
    replica(one).renew_host()
    after = replica(one).hosts()[0]
    assert before.id != after.id
    one.update_conversation(talk, title="by the new one")
    sync(one, two)
    assert two.bundle(talk) == one.bundle(talk)
    assert {each.id for each in replica(two).hosts()} >= {before.id, after.id}
