"""Limits of spending: what answers have cost, and whether the next question may be sent.

A limit holds only the first request of an answer. Its other requests, also those of an answer that is continued later,
belong to it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from holytui import formatting as fmt
from holytui.config.presets import GUIDE
from holytui.config.schema import Config
from holytui.engine.ports import Clock
from holytui.faults import Fault, FaultKind
from holytui.hints import sentences
from holytui.i18n import _
from holytui.models import AnswerState, Message, Problem
from holytui.providers.pricing import find_model, total_cost
from holytui.store.history import History
from holytui.store.values import UsageTotal

NEAR = 0.8
"""Fraction of a limit from which the user is warned."""


class LimitKind(StrEnum):
    """A limit of cost, by the name of its setting."""

    DAY = "per_day"
    CONVERSATION = "per_conversation"


@dataclass(frozen=True, slots=True)
class Spent:
    """What counts towards a limit, in the user's currency."""

    kind: LimitKind
    amount: float
    limit: float
    at_least: bool = False
    """Some answers are not in the amount, as their cost is unknown."""

    @property
    def reached(self) -> bool:
        """Whether nothing more may be sent."""
        return self.amount >= self.limit

    @property
    def near(self) -> bool:
        """Whether the user is to be warned."""
        return self.amount >= NEAR * self.limit


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a question may be sent, and the notice that precedes it."""

    problem: Problem | None = None
    """The reason why it is held; None if it may be sent."""
    warnings: tuple[Spent, ...] = ()
    unpriced: str = ""
    """The model whose answers may not be counted; empty if it was reported before."""


def day_bounds(now: float) -> tuple[float, float]:
    """Return the start and end, in Unix time, of the local day of `now`; a day may have 23 or 25 hours."""
    today = datetime.fromtimestamp(now).date()  # noqa: DTZ006 - the local day
    return tuple(datetime.combine(day, time()).timestamp() for day in (today, today + timedelta(days=1)))  # type: ignore[return-value]  # of two


def spent(config: Config, kind: LimitKind, totals: Iterable[UsageTotal]) -> Spent | None:
    """Return the amount that counts towards a limit; None without a limit."""
    limit = config.limits.per_day if kind is LimitKind.DAY else config.limits.per_conversation
    if not limit:
        return None
    total = total_cost(config, totals)
    return Spent(kind, total.amount or 0.0, limit, total.at_least)


def describe(one: Spent) -> str:
    """Return the amount spent of a limit, as a phrase."""
    mark = fmt.inexact_mark(at_least=one.at_least, estimated=False)
    amounts = {"amount": mark + fmt.cost(one.amount), "limit": fmt.cost(one.limit), "percent": _percent(one)}
    match one.kind:
        case LimitKind.DAY:
            return _("{percent} of today's limit spent: {amount} of {limit}").format(**amounts)
        case LimitKind.CONVERSATION:
            return _("{percent} of this conversation's limit spent: {amount} of {limit}").format(**amounts)


def describe_unpriced(model: str) -> str:
    """Return the notice on a model without a price."""
    return _("{model} has no price: limits count its answers only if the provider reports their cost").format(
        model=model
    )


def _percent(one: Spent) -> str:
    return f"{math.floor(one.amount / one.limit * 100)} %"


def held(one: Spent) -> Problem:
    """Return the problem of an answer that is not requested because a limit is reached."""
    amounts = {"amount": fmt.cost(one.amount), "limit": fmt.cost(one.limit)}
    if one.kind is LimitKind.DAY:
        title = _("Not sent: today's limit of {limit} is reached, {amount} are spent")
    else:
        title = _("Not sent: this conversation's limit of {limit} is reached, {amount} are spent")
    hint = sentences(
        _("The question is kept."),
        _("{Press:chat.over_limit} to send it anyway."),
        _("{name} in [limits] sets the limit.").format(name=one.kind),
    )
    return Problem(title.format(**amounts), hint, Fault(FaultKind.LIMIT, param=one.kind))


def is_held(answer: Message) -> bool:
    """Whether the answer waits because of a limit, and was never requested."""
    fault = answer.problem.fault if answer.problem is not None else None
    return (
        answer.state is AnswerState.INTERRUPTED
        and not answer.attempts
        and fault is not None
        and fault.kind is FaultKind.LIMIT
    )


class SpendingLimits:
    """Admits answers within the limits. Thread-safe; reads the history, and so blocks and raises StoreError."""

    def __init__(self, config: Callable[[], Config], history: History, clock: Clock) -> None:
        self._config = config
        self._history = history
        self._clock = clock
        self._lock = threading.Lock()
        self._warned: set[tuple[object, ...]] = set()

    def spent(self, conversation_id: str) -> tuple[Spent, ...]:
        """Return what counts towards each limit that is set; the conversation may be empty."""
        return tuple(each for each, _totals in self._totals(conversation_id))

    def admit(self, answer: Message) -> Admission:
        """Decide whether an answer may be requested. One that was requested before always may."""
        config = self._config()
        limits = config.limits
        if answer.attempts or answer.model.startswith(f"{GUIDE}/") or not (limits.per_day or limits.per_conversation):
            return Admission()
        found = self._totals(answer.conversation_id)
        for each, _totals in found:
            if each.reached:
                return Admission(held(each))
        reported = any(
            one.model == answer.model and one.usage.cost is not None for _each, sums in found for one in sums
        )
        warnings = tuple(each for each, _totals in found if each.near and self._is_new(each, answer.conversation_id))
        return Admission(None, warnings, "" if reported else self._unpriced(config, answer.model))

    def _totals(self, conversation_id: str) -> list[tuple[Spent, tuple[UsageTotal, ...]]]:
        config, found = self._config(), []
        for kind in LimitKind:
            if spent(config, kind, ()) is None:
                continue
            if kind is LimitKind.DAY:
                sums = tuple(self._history.usage_totals(day_bounds(self._clock.wall())))
            else:
                sums = tuple(self._history.usage_totals((0.0, math.inf), conversation_id) if conversation_id else ())
            each = spent(config, kind, sums)
            assert each is not None
            found.append((each, sums))
        return found

    def _is_new(self, one: Spent, conversation_id: str) -> bool:
        """Whether this process has not warned of this limit on this day, or in this conversation."""
        about = day_bounds(self._clock.wall()) if one.kind is LimitKind.DAY else conversation_id
        with self._lock:
            key = (one.kind, one.limit, about)
            new = key not in self._warned
            self._warned.add(key)
        return new

    def _unpriced(self, config: Config, name: str) -> str:
        """The model if it has no price and that was not reported for these limits yet, in any process."""
        model = find_model(config, name)
        if model is not None and model.price is not None:
            return ""
        key, limits = f"without price {name}", f"{config.limits.per_day} {config.limits.per_conversation}"
        with self._lock:
            if self._history.recall(key) == limits:
                return ""
            self._history.remember(key, limits)
        return name
