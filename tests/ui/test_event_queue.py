from __future__ import annotations

import asyncio
import contextvars
import itertools
import threading
from collections.abc import Sequence
from contextvars import ContextVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.engine.events import Delta, Finished, Queued, Reasoning, TurnEvent, Waiting
from holytui.ui.transcript import event_queue
from holytui.ui.transcript.event_queue import EventQueue, coalesce

events = st.lists(
    st.one_of(
        st.builds(Delta, st.sampled_from("ab"), st.text(max_size=3)),
        st.builds(Reasoning, st.sampled_from("ab"), st.text(max_size=3)),
        st.builds(Waiting, st.sampled_from("ab")),
    )
)


def _flat(sequence: Sequence[TurnEvent]) -> list[tuple[str, str, str]]:
    out = []
    for event in sequence:
        if isinstance(event, Delta | Reasoning):
            out += [(type(event).__name__, event.turn_id, char) for char in event.text]
        else:
            out.append((type(event).__name__, event.turn_id, ""))
    return out


@given(events)
def test_joining_changes_neither_text_nor_order(given_events: list[TurnEvent]) -> None:
    joined = coalesce(given_events)
    assert _flat(joined) == _flat(given_events)
    for one, two in itertools.pairwise(joined):
        same_kind = type(one) is type(two) and one.turn_id == two.turn_id
        assert not (same_kind and isinstance(one, Delta | Reasoning))


def test_what_comes_within_a_frame_is_delivered_together_and_nothing_is_lost() -> None:
    batches: list[list[TurnEvent]] = []

    async def run() -> None:
        done = asyncio.Event()

        def deliver(batch: Sequence[TurnEvent]) -> None:
            batches.append(list(batch))
            if any(isinstance(event, Queued) for event in batch):
                done.set()

        box = EventQueue(deliver, frame=0.02)
        box.open()

        def produce() -> None:
            for number in range(500):
                box.put(Delta("t", f"{number} "))
            box.put(Queued("t"))

        thread = threading.Thread(target=produce)
        thread.start()
        await asyncio.wait_for(done.wait(), 10)
        thread.join()
        box.close()

    asyncio.run(run())
    text = "".join(event.text for batch in batches for event in batch if isinstance(event, Delta))
    assert text == "".join(f"{number} " for number in range(500))
    assert len(batches) < 100


def test_the_end_of_an_answer_does_not_wait_for_the_next_frame() -> None:
    got: list[TurnEvent] = []
    finished = Finished("t", None, 1, "stop")

    async def run() -> None:
        ended = asyncio.Event()

        def deliver(batch: Sequence[TurnEvent]) -> None:
            got.extend(batch)
            if finished in batch:
                ended.set()

        box = EventQueue(deliver, frame=3600)
        box.open()
        box.put(Delta("t", "at once"))
        await asyncio.sleep(0)
        box.put(Delta("t", "with "))
        await asyncio.sleep(0)
        assert got == [Delta("t", "at once")]
        box.put(Delta("t", "its end"))
        box.put(finished)
        await asyncio.wait_for(ended.wait(), 10)
        box.close()

    asyncio.run(run())
    assert got == [Delta("t", "at once"), Delta("t", "with its end"), finished]


def test_a_long_delivery_waits_for_input_to_be_handled_and_the_end_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_queue, "_LONG", -1.0)  # every delivery takes long
    got: list[TurnEvent] = []
    asked: list[float] = []
    finished = Finished("t", None, 1, "stop")

    async def run() -> None:
        held = asyncio.Event()

        def pause() -> float:
            asked.append(3600)
            held.set()
            return 3600

        box = EventQueue(got.extend, frame=0, pause=pause)
        box.open()
        box.put(Delta("t", "held "))
        await asyncio.wait_for(held.wait(), 10)
        box.put(Delta("t", "back"))
        await asyncio.sleep(0)
        assert got == []
        box.put(finished)
        while not got:
            await asyncio.sleep(0)
        box.close()

    asyncio.run(run())
    assert got == [Delta("t", "held back"), finished]
    assert len(asked) == 1


def test_a_short_delivery_does_not_wait_for_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_queue, "_LONG", 3600.0)
    got: list[TurnEvent] = []

    async def run() -> None:
        box = EventQueue(got.extend, frame=0, pause=lambda: 3600)
        box.open()
        for _ in range(2):
            box.put(Waiting("t"))
            await asyncio.sleep(0)
        box.close()

    asyncio.run(run())
    assert got == [Waiting("t")] * 2


def test_events_left_before_it_opens_are_delivered_then() -> None:
    got: list[TurnEvent] = []

    async def run() -> None:
        box = EventQueue(got.extend)
        box.put(Waiting("t"))
        box.open()
        box.close()

    asyncio.run(run())
    assert got == [Waiting("t")]


def test_nothing_is_delivered_after_it_is_closed() -> None:
    got: list[TurnEvent] = []

    async def run() -> None:
        box = EventQueue(got.extend)
        box.open()
        box.put(Waiting("t"))
        box.close()
        box.put(Waiting("u"))
        await asyncio.sleep(0)

    asyncio.run(run())
    assert got == []


def test_events_of_a_thread_are_delivered_in_the_context_in_which_the_box_was_opened() -> None:
    """A timer of Textual that is set in another one never calls."""
    here: ContextVar[str] = ContextVar("here", default="")
    seen: list[str] = []

    async def run() -> None:
        done = asyncio.Event()

        def deliver(batch: Sequence[TurnEvent]) -> None:
            seen.append(here.get())
            if any(isinstance(event, Queued) for event in batch):
                done.set()

        here.set("in the app")
        mailbox = EventQueue(deliver, frame=0.001)
        mailbox.open()
        for event in (Delta("a", "at once"), Delta("a", "after a frame"), Queued("a")):
            await asyncio.to_thread(contextvars.Context().run, mailbox.put, event)
        await done.wait()
        mailbox.close()

    asyncio.run(run())
    assert set(seen) == {"in the app"}
