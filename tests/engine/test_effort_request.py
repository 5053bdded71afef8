"""The reasoning effort of a conversation, in the requests that the engine sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holytui.config.presets import Continuation
from holytui.engine.events import ParamsLeftOut
from holytui.engine.resume.strategy import ResumeMode, request_for
from holytui.engine.turn.effects import RetryDue
from holytui.models import Role
from holytui.wire.events import Accepted, Connected
from holytui.wire.request import ChatMessage, ChatRequest, OptionalParams
from tests.engine.bench import Bench
from tests.engine.test_engine import CUT, DONE, HandClient, said
from tests.engine.world import World

LOW = OptionalParams("effort=low", {"reasoning_effort": "low"})


@pytest.fixture
def client() -> HandClient:
    return HandClient()


@pytest.fixture
def bench(tmp_path: Path, client: HandClient) -> Iterator[Bench]:
    with Bench(tmp_path, "http://127.0.0.1:9/v1", client=client, params={"effort": "low", "seed": 1}) as made:
        yield made


def test_the_level_of_the_conversation_is_sent_in_place_of_the_model_s(bench: Bench, client: HandClient) -> None:
    first = bench.engine.ask("one")
    client.stream(0).give(Connected(), Accepted(200), said("x"), DONE)
    bench.end_of(first)
    second = bench.engine.ask("two", conversation_id=first.conversation_id, params={"effort": "off", "top_p": 1})
    client.stream(1).give(Connected(), Accepted(200), said("x"), DONE)
    bench.end_of(second)
    assert [request.optional[0].params for request in client.requests] == [
        {"reasoning_effort": "low"},
        {"reasoning_effort": "none"},
    ]
    assert [request.params for request in client.requests] == [{"seed": 1}, {"seed": 1, "top_p": 1}]


def test_none_removes_a_parameter_of_the_conversation(bench: Bench, client: HandClient) -> None:
    first = bench.engine.ask("one", params={"effort": "high", "top_p": 1})
    client.stream(0).give(Connected(), Accepted(200), said("x"), DONE)
    bench.end_of(first)
    bench.engine.ask("two", conversation_id=first.conversation_id, params={"effort": None})
    client.stream(1).give(Connected(), Accepted(200), said("x"), DONE)
    stored = bench.history.conversation(first.conversation_id)
    assert stored is not None
    assert stored.params == {"top_p": 1}


def test_parameters_left_out_are_reported_once_an_answer() -> None:
    world = World.started()
    accepted = Accepted(200, left_out=("effort=low",))
    world.step(Connected(), accepted, said("A beginning of some length, "), CUT)
    world.in_flight = False
    world.step(RetryDue(), Connected(), accepted)
    assert len(world.opened) == 2
    assert [event for event in world.events if isinstance(event, ParamsLeftOut)] == [
        ParamsLeftOut("t", ("effort=low",))
    ]


@pytest.mark.parametrize("mode", [ResumeMode.PREFILL, ResumeMode.INSTRUCT, ResumeMode.RESTART])
def test_the_rest_of_an_answer_is_requested_with_the_same_effort(mode: ResumeMode) -> None:
    asked = ChatRequest("m", (ChatMessage(Role.USER, "why?"),), {"seed": 1}, optional=(LOW,))
    request = request_for(asked, mode, "Because ", Continuation())
    assert request.optional == (LOW,)
    assert request.params == {"seed": 1}
    assert request.prefilled is (mode is ResumeMode.PREFILL)
