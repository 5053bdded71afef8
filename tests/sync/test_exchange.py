"""A sync over a connection."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.errors import SyncError
from holytui.models import Role
from holytui.store.history import History
from holytui.store.replica.records import Applied
from holytui.store.sqlite.history import SqliteHistory
from holytui.sync import protocol
from holytui.sync.channel import Channel, encode
from holytui.sync.exchange import NOTHING
from holytui.sync.protocol import RemoteReplica, replica_of
from tests.store.samples import ONE, add_rich_conversation, add_stored_conversation, ask_with_images
from tests.sync.conftest import OpenHistory
from tests.sync.pairs import Budget, digest, sync, texts


@pytest.fixture
def one_message_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.store.sqlite.feed._MAX_CHARACTERS", 0)


def add_messages(history: History, *words: str) -> None:
    talk = history.create_conversation(title="t").id
    for word in words:
        history.add_message(talk, Role.SYSTEM, word, parent_id=None)


def test_both_sides_get_what_they_lack(opener: OpenHistory) -> None:
    one, two = opener("one"), opener("two")
    talks = [add_rich_conversation(one), add_stored_conversation(two)]
    done = sync(one, two)
    assert (done.progress.received, done.progress.sent) == (Applied(1, 2), Applied(1, 4))
    assert [one.bundle(talk) for talk in talks] == [two.bundle(talk) for talk in talks]
    assert digest(one) == digest(two)


def test_a_sync_with_nothing_new_moves_little(opener: OpenHistory) -> None:
    one, two = opener("one"), opener("two")
    add_rich_conversation(one)
    for number in range(10):  # as many hosts
        replica_of(one).renew_host()
        one.create_conversation(title=f"talk {number}")
    sync(one, two)
    sync(one, two)
    done = sync(one, two)
    assert (done.progress.received, done.progress.sent) == (NOTHING, NOTHING)
    assert done.sent + done.received < 4096


def test_only_lacking_images_travel(opener: OpenHistory) -> None:
    one, two, three = opener("one"), opener("two"), opener("three")
    question = ask_with_images(one, ONE)
    digest_ = question.images[0].digest
    big = len(ONE)
    assert sync(two, one).received > big
    assert two.image(digest_) == one.image(digest_) == ONE
    assert sync(one, three).sent > big
    assert three.image(digest_) == ONE
    ask_with_images(one, ONE)
    assert sync(one, two).sent < 5000
    assert len(two.conversations()) == 2


@pytest.mark.usefixtures("one_message_parts")
@pytest.mark.parametrize("pull", [True, False])
def test_a_sync_that_is_cut_after_each_part_goes_on_there(opener: OpenHistory, pull: bool) -> None:
    one, two = opener("one"), opener("two")
    here, there = (two, one) if pull else (one, two)
    add_messages(one, *"abcdefgh")
    for cuts in range(1, 4):
        with pytest.raises(SyncError):
            # the greeting, and one part; the receiver's clock has moved, so that it is asked first
            sync(here, there, Budget(lines=2 if pull else 3))
        (talk,) = two.conversations()
        assert cuts <= len(two.outline(talk.id)) <= 2 * cuts + 1
    sync(here, there)
    assert digest(one) == digest(two)


@pytest.mark.usefixtures("one_message_parts")
def test_a_sync_may_be_cut_at_any_byte(tmp_path: Path) -> None:
    numbers = st.integers(0, 4000)
    made = 0
    with SqliteHistory(tmp_path / "one" / "h.db") as one, SqliteHistory(tmp_path / "two" / "h.db") as two:

        @settings(max_examples=8)
        @given(st.lists(st.tuples(numbers, numbers), max_size=4))
        def cut(budgets: list[tuple[int, int]]) -> None:
            nonlocal made
            made += 1
            add_messages(one, f"one {made}", f"other {made}")
            add_messages(two, f"two {made}")
            for received, sent in budgets:
                with suppress(SyncError):
                    sync(one, two, Budget(received, sent))
            sync(one, two)
            assert digest(one) == digest(two)
            assert texts(one) == texts(two)

        cut()


def test_what_a_shell_prints_first_is_skipped(opener: OpenHistory) -> None:
    greeting = {"holytui": "sync", "protocol": 1, "oldest": 1, "host": "a", "name": "n", "vector": {"a": 3}}
    found = RemoteReplica(Channel(BytesIO(b"Welcome!\n{}\n" + encode(greeting) + b"\n"), BytesIO()), "there")
    assert found.greeting == protocol.Greeting("a", "n", {"a": 3})
    with pytest.raises(protocol.NoGreeting):
        RemoteReplica(Channel(BytesIO(b"x\n" * 100_000), BytesIO()), "there")


@pytest.mark.parametrize(
    ("version", "oldest", "remedy"), [(0, 0, "Upgrade holytui on there"), (9, 9, "Upgrade it here")]
)
def test_an_incompatible_version_is_refused_with_the_remedy(version: int, oldest: int, remedy: str) -> None:
    greeting = {"holytui": "sync", "protocol": version, "oldest": oldest, "host": "a", "name": "n", "vector": {}}
    with pytest.raises(SyncError) as raised:
        protocol.RemoteReplica(Channel(BytesIO(encode(greeting) + b"\n"), BytesIO()), "there")
    assert remedy in str(raised.value)


def test_verify_repairs_what_the_vectors_do_not_show(opener: OpenHistory) -> None:
    one, two = opener("one"), opener("two")
    talk = add_rich_conversation(one)
    # two claims to have what it has not
    replica_of(two).apply(replace(replica_of(one).changes({}), conversations=(), messages=()))
    assert sync(one, two).progress.sent == NOTHING
    assert sync(one, two, verify=True).progress.differing > 0
    assert two.bundle(talk) == one.bundle(talk)
    assert sync(one, two, verify=True).progress.differing == 0


def test_conversations_that_are_kept_here_do_not_travel(opener: OpenHistory) -> None:
    one, two = opener("one"), opener("two")
    talk = add_stored_conversation(one)
    replica_of(one).set_shared(talk, shared=False)
    sync(one, two)
    assert two.conversations() == []
    replica_of(one).set_shared(talk, shared=True)
    sync(one, two)
    assert two.bundle(talk) == one.bundle(talk)


def test_the_host_of_a_message_is_known(opener: OpenHistory) -> None:
    one, two = opener("one"), opener("two")
    talk = add_stored_conversation(one)
    answer = one.branch(talk)[-1].id
    sync(one, two)
    assert replica_of(one).origin(answer) is None
    found = replica_of(two).origin(answer)
    assert found is not None
    assert found.id == next(host.id for host in replica_of(one).hosts() if host.is_self)
    assert replica_of(two).origin("unknown") is None
