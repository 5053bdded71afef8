"""Limits of spending: what counts, when the user is warned, what is held, and what goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from holytui.config.schema import Config, Limits, Model, Price, Provider
from holytui.engine.events import CostUnknown, Finished, Interrupted, LimitNear
from holytui.engine.resume.strategy import Strategy
from holytui.engine.spending import LimitKind, SpendingLimits, Spent, day_bounds, describe, is_held
from holytui.engine.turn.effects import RetryDue
from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Message, Problem, Role, Usage
from holytui.store.history import History
from holytui.store.values import UsageTotal
from holytui.wire.events import Accepted, Connected, UsageSeen
from tests.engine.bench import Bench
from tests.engine.test_engine import CUT, DONE, HandClient, said
from tests.engine.world import World

PRICED = Model("model", price=Price(1.0, 10.0))
NOON = 1_800_000_000.0


@dataclass
class Ledger:
    """A history that knows totals only; `now` is the wall clock."""

    day: Sequence[UsageTotal] = ()
    conversation: Sequence[UsageTotal] = ()
    now: float = NOON
    facts: dict[str, str] = field(default_factory=dict)
    bounds: list[Sequence[float]] = field(default_factory=list)

    def usage_totals(self, bounds: Sequence[float], conversation_id: str | None = None) -> Sequence[UsageTotal]:
        self.bounds.append(bounds)
        return self.day if conversation_id is None else self.conversation

    def recall(self, key: str) -> str | None:
        return self.facts.get(key)

    def remember(self, key: str, value: str) -> None:
        self.facts[key] = value

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return 0.0


def limits(ledger: Ledger, model: Model = PRICED, **fields: Any) -> SpendingLimits:
    config = Config(
        providers={"local": Provider("local", "http://x/v1", models={"model": model})}, limits=Limits(**fields)
    )
    return SpendingLimits(lambda: config, cast(History, ledger), ledger)


def total(cost: float | None, model: str = "local/model", output: int = 0) -> UsageTotal:
    return UsageTotal(0, model, 1, Usage(output=output, cost=cost), 1)


def answer(model: str = "local/model", conversation: str = "c", **fields: Any) -> Message:
    return Message("a", conversation, "q", Role.ASSISTANT, "", NOON, model=model, state=AnswerState.QUEUED, **fields)


# -- admission


def test_a_reported_cost_and_a_priced_one_count_together() -> None:
    guard = limits(Ledger(day=(total(1.5), total(None, output=100_000))), per_day=10.0)
    assert guard.spent("") == (Spent(LimitKind.DAY, 2.5, 10.0),)


def test_without_limits_nothing_is_read() -> None:
    ledger = Ledger(day=(total(99.0),))
    assert limits(ledger).admit(answer()).problem is None
    assert ledger.bounds == []


@pytest.mark.parametrize(("amount", "held"), [(4.99, False), (5.0, True), (7.0, True)])
def test_a_question_beyond_a_limit_is_held(amount: float, held: bool) -> None:
    admission = limits(Ledger(day=(total(amount),)), per_day=5.0).admit(answer())
    assert (admission.problem is not None) is held


def test_each_limit_counts_for_itself() -> None:
    ledger = Ledger(day=(total(4.0),), conversation=(total(1.0),))
    problem = limits(ledger, per_day=5.0, per_conversation=1.0).admit(answer()).problem
    assert problem is not None
    assert problem.title == "Not sent: this conversation's limit of 1.00 is reached, 1.00 are spent"
    assert problem.fault == Fault(FaultKind.LIMIT, param="per_conversation")
    assert "per_conversation in [limits]" in problem.hint


def test_requests_that_recover_an_answer_belong_to_it() -> None:
    guard = limits(Ledger(day=(total(9.0),)), per_day=5.0)
    assert guard.admit(answer(attempts=1)).problem is None


def test_the_guide_costs_nothing_and_is_never_held() -> None:
    assert limits(Ledger(day=(total(9.0),)), per_day=5.0).admit(answer("guide/guide")).problem is None


def test_the_user_is_warned_from_80_percent_once_a_day_and_conversation() -> None:
    ledger = Ledger(day=(total(4.0),), conversation=(total(4.0),))
    guard = limits(ledger, per_day=5.0, per_conversation=5.0)
    kinds = [[one.kind.value for one in guard.admit(answer(conversation=id_)).warnings] for id_ in ("c", "c", "d")]
    assert kinds == [["per_day", "per_conversation"], [], ["per_conversation"]]
    ledger.now += 86_400
    assert [one.kind.value for one in guard.admit(answer()).warnings] == ["per_day"]
    assert limits(Ledger(day=(total(3.99),)), per_day=5.0).admit(answer()).warnings == ()


def test_a_model_without_a_price_is_reported_once_for_these_limits() -> None:
    ledger, unpriced = Ledger(), Model("model")
    names = [limits(ledger, unpriced, per_day=5.0).admit(answer()).unpriced for _ in range(2)]
    assert names == ["local/model", ""]
    assert limits(ledger, unpriced, per_day=6.0).admit(answer()).unpriced == "local/model"
    reports = Ledger(day=(total(0.01),))
    assert limits(reports, unpriced, per_day=5.0).admit(answer()).unpriced == ""


def test_an_amount_without_some_answers_is_a_lower_bound() -> None:
    guard = limits(Ledger(day=(total(4.0), total(None, "local/other", output=5))), per_day=5.0)
    (one,) = guard.spent("")
    assert describe(one) == "80 % of today's limit spent: ≥4.00 of 5.00"


def test_a_day_is_a_local_day_of_23_to_25_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        spring, autumn = 1_774_778_400.0, 1_792_926_000.0  # noon of 29 March and of 25 October 2026
        lengths = [(end - start) / 3600 for start, end in map(day_bounds, (spring, autumn, autumn - 86_400))]
        assert lengths == [23.0, 25.0, 24.0]
        start, end = day_bounds(spring)
        assert start <= spring < end
        assert time.localtime(start)[2:5] == (29, 0, 0)
    finally:
        monkeypatch.undo()
        time.tzset()


# -- in the engine


@pytest.fixture
def client() -> HandClient:
    return HandClient()


@pytest.fixture
def bench(tmp_path: Path, client: HandClient) -> Iterator[Bench]:
    with Bench(tmp_path, "http://127.0.0.1:9/v1", client=client) as made:
        made.engine.config = replace(made.config, limits=Limits(per_conversation=1.0))
        yield made


def costs(client: HandClient, number: int, amount: float) -> None:
    usage = Usage(input=10, output=5, cost=amount)
    client.stream(number).give(Connected(), Accepted(200), said("ok"), UsageSeen(usage), DONE)


def test_a_held_question_is_kept_and_can_be_sent_once(bench: Bench, client: HandClient) -> None:
    first = bench.engine.ask("one")
    costs(client, 0, 1.2)
    bench.end_of(first)
    second = bench.engine.ask("two", conversation_id=first.conversation_id)
    end = bench.end_of(second)
    assert isinstance(end, Interrupted)
    assert end.attempts == 0
    held = bench.message(second.answer_id)
    assert is_held(held)
    assert bench.message(second.question_id).text == "two"
    again = bench.engine.resume(second.answer_id)
    assert isinstance(bench.end_of(again), Interrupted)
    assert len(client.requests) == 1
    once = bench.engine.resume(second.answer_id, over_limit=True)
    costs(client, 1, 0.1)
    assert isinstance(bench.end_of(once), Finished)
    third = bench.engine.ask("three", conversation_id=first.conversation_id)
    assert isinstance(bench.end_of(third), Interrupted)
    assert bench.engine.spent(first.conversation_id) == (Spent(LimitKind.CONVERSATION, pytest.approx(1.3), 1.0),)  # type: ignore[arg-type]  # compares as a float
    other = bench.engine.ask("another conversation")
    costs(client, 2, 0.1)
    assert isinstance(bench.end_of(other), Finished)


def test_a_question_may_be_asked_over_the_limit(bench: Bench, client: HandClient) -> None:
    first = bench.engine.ask("one")
    costs(client, 0, 5.0)
    bench.end_of(first)
    second = bench.engine.ask("two", conversation_id=first.conversation_id, over_limit=True)
    costs(client, 1, 0.1)
    assert isinstance(bench.end_of(second), Finished)


def test_a_cut_answer_goes_on_beyond_the_limit(bench: Bench, client: HandClient) -> None:
    turn = bench.engine.ask("one")
    client.stream(0).give(Connected(), Accepted(200), said("A beginning that is kept"), UsageSeen(Usage(cost=9.0)), CUT)
    costs(client, 1, 9.0)
    assert isinstance(bench.end_of(turn), Finished)
    assert bench.of(LimitNear) == []


def test_warnings_come_before_the_request(bench: Bench, client: HandClient) -> None:
    first = bench.engine.ask("one")
    costs(client, 0, 0.9)
    bench.end_of(first)
    second = bench.engine.ask("two", conversation_id=first.conversation_id)
    costs(client, 1, 0.0)
    bench.end_of(second)
    (warning,) = bench.of(LimitNear)
    assert (warning.turn_id, len(bench.of(CostUnknown))) == (second.turn_id, 1)


# -- tokens of one answer


def test_an_answer_ends_at_its_limit_of_tokens_with_all_its_text() -> None:
    world = World.started(max_tokens=3)
    world.step(Connected(), Accepted(200), said("one "), said("two "), said("three "), said("four "))
    assert world.state() is AnswerState.INTERRUPTED
    assert world.shown == "one two three "
    assert not world.in_flight
    assert world.settled is not None
    problem = world.settled.problem
    assert problem is not None
    assert problem.title == "The answer has reached the limit of 3 tokens"
    assert problem.fault == Fault(FaultKind.LIMIT, param="per_answer_tokens")
    assert not is_held(
        Message("a", "c", "q", Role.ASSISTANT, "", 0.0, state=world.state(), attempts=1, problem=problem)
    )


def test_tokens_of_all_requests_of_an_answer_count() -> None:
    world = World.started(max_tokens=12)
    text = "A beginning that is long enough to go on from "
    world.step(Connected(), Accepted(200), said(text), UsageSeen(Usage(output=12)), CUT)
    world.in_flight = False
    world.step(RetryDue())
    assert world.state() is AnswerState.INTERRUPTED
    assert len(world.opened) == 1
    assert world.shown == text


def test_an_answer_that_is_complete_at_its_limit_is_complete() -> None:
    world = World.started(max_tokens=2)
    world.step(Connected(), Accepted(200), said("one "), said("two"), UsageSeen(Usage(output=9)), DONE)
    assert world.state() is AnswerState.COMPLETE


def test_continuing_an_answer_allows_as_many_tokens_again() -> None:
    world = World.resumed("A beginning that is long enough to go on from ", max_tokens=3)
    world.step(Connected(), Accepted(200), said("more "))
    assert world.state() is not AnswerState.INTERRUPTED


def test_a_server_that_keeps_the_stream_is_told_to_end_it() -> None:
    world = World.started(max_tokens=1, strategy=Strategy(reattach=True))
    world.step(Connected(), Accepted(200, keeps_streams=True), said("one "), said("two "))
    assert world.state() is AnswerState.INTERRUPTED
    assert world.released == world.streams
    assert len(world.streams) == 1


def test_a_limit_of_the_server_is_no_held_question() -> None:
    refused = Problem("too many", fault=Fault(FaultKind.STATUS, status=429))
    assert not is_held(Message("a", "c", "q", Role.ASSISTANT, "", 0.0, state=AnswerState.INTERRUPTED, problem=refused))
