"""The replicator with a shared history in memory, on the thread of the test: nothing waits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest

from holytui.errors import SharingFailed
from holytui.models import Message
from holytui.presentation.sharing import describe_sharing
from holytui.store.postgres.database import RECORDS, Pulled
from holytui.store.postgres.live import LiveAnswer, LiveText
from holytui.store.postgres.replicator import FIRST_DELAY, LIVE_POLL, MAX_DELAY, POLL, Replicator
from holytui.store.replica.clock import ZERO, Vector, joined
from holytui.store.replica.records import Batch, ConversationRecord, Host, TransferCursor
from holytui.store.sharing import SharingState, SharingStatus
from holytui.store.sqlite.history import SqliteHistory
from tests.store.postgres.conftest import OpenHistory
from tests.store.samples import CONTENT, Clock, add_rich_conversation, ask, finish

LOST = SharingFailed("The connection is lost", "Plug it in.")


class LiveMemory:
    """Answers in progress in memory."""

    def __init__(self) -> None:
        self.found: dict[str, LiveAnswer] = {}
        self.texts: dict[str, LiveText] = {}
        self.reads: list[str] = []
        self.beats = 0

    def begin(self, question: Message, answer: Message, here: Host) -> None:
        self.found[answer.id] = LiveAnswer(here.id, question, replace(answer, text="", reasoning=""))
        self.texts[answer.id] = LiveText()

    def add(self, message_id: str, part: LiveText) -> None:
        before = self.texts[message_id]
        self.texts[message_id] = LiveText(part.seq, before.text + part.text, before.reasoning + part.reasoning)

    def beat(self, message_ids: Sequence[str]) -> None:
        self.beats += 1

    def end(self, message_ids: Sequence[str]) -> None:
        for id_ in message_ids:
            self.found.pop(id_, None)

    def answers(self, here: Host) -> Sequence[LiveAnswer]:
        return [each for each in self.found.values() if each.host != here.id]

    def text(self, message_id: str, known: LiveText) -> LiveText:
        self.reads.append(message_id)
        return self.texts[message_id]


class Memory:
    """A shared history in memory. `steps` are what happens in each wait; the last one closes the replicator."""

    def __init__(self) -> None:
        self.live = LiveMemory()
        self.pushed: list[tuple[str, Batch]] = []
        self.clocks: Vector = {}
        self.steps: Iterator[Callable[[], object]] = iter(())
        self.waits: list[float] = []
        self.closed = 0
        self.is_notified = True

    def vector(self) -> Vector:
        return self.clocks

    def push(self, batch: Batch, here: Host) -> None:
        self.pushed.append((here.id, batch))
        if batch.complete and batch.cursor is not None:
            self.clocks = joined(self.clocks, batch.cursor.claims)

    def destroy(self, talks: Sequence[ConversationRecord]) -> None:
        pass

    def pull(self, after: int, here: str) -> Pulled:
        new = [batch for host, batch in self.pushed[after:] if host != here]
        talks = tuple(talk for batch in new for talk in batch.conversations)
        messages = tuple(record for batch in new for record in batch.messages)
        cursor = TransferCursor({}, {}, ZERO, self.clocks)
        return Pulled(Batch(talks, messages, cursor=cursor, complete=True), len(self.pushed))

    def wait(self, seconds: float, wake: int | None = None) -> Collection[str]:
        self.waits.append(seconds)
        return (RECORDS,) if next(self.steps)() else ()

    def close(self) -> None:
        self.closed += 1


def fail(error: Exception = LOST) -> object:
    raise error


class Driven:
    """A replicator that is run by `run`, and what it did."""

    def __init__(
        self, history: SqliteHistory, memory: Memory, connections: Sequence[Callable[[], object]] = ()
    ) -> None:
        self.clock = Clock()
        self.clock.now = 1000.0
        self.pauses: list[float] = []
        self.statuses: list[SharingStatus] = []
        self._connections = iter(connections)
        self.memory = memory
        self.replicator = Replicator(
            history,
            history.replica,
            self._connect,
            place="memory",
            clock=self.clock,
            timer=self.clock,
            jitter=lambda low, high: high,
            pause=self._pause,
        )

    def _connect(self) -> Memory:
        next(self._connections, lambda: None)()
        return self.memory

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.statuses.append(self.replicator.status)
        self.clock.now += seconds
        assert len(self.pauses) < 20

    def run(self, *steps: Callable[[], object]) -> None:
        before, self.memory.steps = self.memory.steps, iter((*steps, self.replicator.close))
        self.replicator.run()
        self.memory.steps = before


def test_changes_are_sent_and_received(histories: OpenHistory) -> None:
    one, two, memory = histories("one"), histories("two"), Memory()
    talk = add_rich_conversation(one)
    Driven(one, memory).run()
    there = Driven(two, memory)
    there.run(lambda: one.update_conversation(talk, title="renamed"), lambda: Driven(one, memory).run())
    assert two.bundle(talk) is not None
    assert there.replicator.merged == 1
    Driven(two, memory).run()
    assert two.bundle(talk) == one.bundle(talk)
    assert memory.waits[0] == POLL


def test_tries_to_connect_become_rarer(histories: OpenHistory) -> None:
    driven = Driven(histories("one"), Memory(), [fail] * 9)
    driven.run()
    assert driven.pauses == [1.2 * min(MAX_DELAY, FIRST_DELAY * 2**number) for number in range(9)]
    assert {(status.state, status.since, status.reason) for status in driven.statuses} == {
        (SharingState.OFFLINE, 1000.0, "The connection is lost.\nPlug it in.")
    }
    assert driven.replicator.status.state is SharingState.CURRENT


def test_a_lost_connection_is_followed_by_another(histories: OpenHistory) -> None:
    one, memory = histories("one"), Memory()
    driven = Driven(one, memory)

    def lose() -> object:
        driven.clock.now += 500
        add_rich_conversation(one)
        return fail()

    driven.run(lambda: None, lose, lose)
    assert driven.pauses == [1.2, 1.2]
    assert memory.closed == 3
    first, second = driven.statuses
    assert (first.since, second.since > 2000) == (1500.0, True)
    assert first.behind > 4
    assert driven.replicator.status == SharingStatus(SharingState.CURRENT, 0)


def test_a_new_process_knows_how_far_it_is_behind(histories: OpenHistory) -> None:
    one, memory = histories("one"), Memory()
    talk = add_rich_conversation(one)
    Driven(one, memory).run()
    one.update_conversation(talk, title="renamed")
    offline = Driven(one, memory, [fail])
    offline.run()
    assert offline.statuses[0].behind == 1


def test_a_defect_does_not_end_it(histories: OpenHistory) -> None:
    driven = Driven(histories("one"), Memory(), [lambda: fail(RuntimeError("a defect"))])
    driven.run()
    assert driven.statuses[0].reason == "Sharing failed unexpectedly; the log has more"
    assert driven.replicator.status.state is SharingState.CURRENT


def test_the_last_changes_are_sent_at_the_end(histories: OpenHistory) -> None:
    one, memory = histories("one"), Memory()
    driven = Driven(one, memory)

    def close() -> None:
        driven.replicator.close()
        add_rich_conversation(one)

    driven.run(lambda: add_rich_conversation(one), close)
    assert one.replica.pending(memory.clocks) == 0
    assert len(memory.pushed) == 2


def test_a_closed_history_ends_it(histories: OpenHistory) -> None:
    one = histories("one")
    driven = Driven(one, Memory())

    def close() -> None:
        one.close()
        driven.replicator.close()

    driven.run(close)
    assert driven.pauses == []


def test_an_answer_in_progress_is_shown_to_others(histories: OpenHistory) -> None:
    one, memory = histories("one"), Memory()
    asked = ask(one)
    driven = Driven(one, memory)
    driven.run(
        lambda: one.journal(asked.attempt.id, CONTENT, "Be"),
        lambda: one.journal(asked.attempt.id, CONTENT, "cause"),
        lambda: None,
        lambda: setattr(driven.clock, "now", driven.clock.now + 20),
    )
    assert memory.live.texts[asked.answer.id].text == "Because"
    assert memory.live.texts[asked.answer.id].seq == 2
    assert memory.live.beats == 1
    assert set(memory.waits) == {LIVE_POLL}
    finish(one, asked, None)
    again = Driven(one, memory)
    again.run()
    assert memory.pushed[-1][1].messages[-1].message.id == asked.answer.id


def test_only_the_texts_that_are_watched_are_read(histories: OpenHistory) -> None:
    one, two, memory = histories("one"), histories("two"), Memory()
    first, second = ask(one), ask(one)
    for asked in (first, second):
        one.journal(asked.attempt.id, CONTENT, "Because")
    Driven(one, memory).run(lambda: None)
    there = Driven(two, memory)
    seen: list[dict[str, str]] = []

    def look() -> None:
        seen.append({id_: each.answer.text for id_, each in there.replicator.remote_answers.items()})

    there.run(
        look, lambda: there.replicator.watch(second.conversation_id), look, lambda: there.replicator.watch(""), look
    )
    nothing = {first.answer.id: "", second.answer.id: ""}
    assert seen == [nothing, {**nothing, second.answer.id: "Because"}, nothing]
    assert set(memory.live.reads) == {second.answer.id}


def test_a_database_without_notifications_is_asked_now_and_then(histories: OpenHistory) -> None:
    one, two, memory = histories("one"), histories("two"), Memory()
    memory.is_notified = False
    there = Driven(two, memory)

    def pass_time(seconds: float) -> None:
        there.clock.now += seconds

    talk = add_rich_conversation(one)
    found: list[bool] = []

    there.run(
        lambda: Driven(one, memory).run(),
        lambda: found.append(two.conversation(talk) is not None),
        lambda: pass_time(5.0),
        lambda: found.append(two.conversation(talk) is not None),
    )
    assert found == [False, True]


TODAY = date(1970, 1, 1)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (SharingStatus(), ""),
        (SharingStatus(SharingState.CURRENT), "shared"),
        (SharingStatus(SharingState.CURRENT, 3), "shared · 3 behind"),
        (SharingStatus(SharingState.OFFLINE, 0, 3600.0), "sharing offline since 01:00"),
        (SharingStatus(SharingState.OFFLINE, 12, 90000.0), "sharing offline since 1970-01-02 01:00 · 12 behind"),
    ],
)
def test_the_status_is_described(status: SharingStatus, text: str) -> None:
    assert describe_sharing(status, TODAY) == text
