"""The streams that servers keep: their positions are committed with the text, and their ends are not forgotten."""

from __future__ import annotations

import time
from dataclasses import replace

from holytui.models import AnswerState, StoredStream, StreamMark, StreamPosition
from holytui.store.history import History
from tests.store.conformance.conftest import Opener
from tests.store.samples import CONTENT, ask

POSITION = StreamPosition(120, 30, 4)


def stream_for(history: History, *, begun_at: float = 0.0, name: str = "name") -> StoredStream:
    asked = ask(history)
    model, base_url = "lab/one", "http://lab/v1"
    stream = StoredStream(name, asked.answer.id, asked.attempt.id, model, base_url, begun_at or time.time())
    history.streams.begin(stream)
    return stream


def test_the_last_position_comes_back_after_a_restart(opener: Opener) -> None:
    first = opener()
    stream = stream_for(first)
    first.journal(stream.attempt_id, CONTENT, "some", StreamMark(stream.id, StreamPosition(1, 1, 1)))
    first.journal(stream.attempt_id, CONTENT, " text", StreamMark(stream.id, POSITION))
    first.journal(stream.attempt_id, CONTENT, " more")
    first.close()
    assert opener().streams.find(stream.message_id) == replace(stream, position=POSITION)


def test_a_stream_that_is_released_is_listed_until_it_is_forgotten(opener: Opener) -> None:
    first = opener()
    stream = stream_for(first)
    first.streams.release(stream.id)
    assert first.streams.find(stream.message_id) is None
    first.close()
    again = opener()
    assert again.streams.released() == [stream]
    again.streams.forget(stream.id)
    assert again.streams.released() == []


def test_a_deleted_conversation_releases_the_streams_of_interrupted_answers_only(history: History) -> None:
    active, cut = stream_for(history, name="active"), stream_for(history, name="cut")
    message = history.message(cut.message_id)
    assert message is not None
    history.finish(replace(message, state=AnswerState.INTERRUPTED))
    for stream in (active, cut):
        found = history.message(stream.message_id)
        assert found is not None
        history.delete_conversation(found.conversation_id)
    assert history.streams.released() == [cut]
    assert not history.streams.release_interrupted(active.message_id)


def test_a_stream_of_yesterday_is_not_looked_for(history: History) -> None:
    stream = stream_for(history, begun_at=time.time() - 90_000)
    assert history.streams.find(stream.message_id) is None
    history.streams.release(stream.id)
    assert history.streams.released() == []
