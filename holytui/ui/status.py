"""What the status bar says, as pure functions: a turn's last event becomes words, and fields are dropped by rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from textual.content import Content

from holytui.engine import events as ev
from holytui.engine.events import TurnEvent
from holytui.faults import Fault
from holytui.i18n import _
from holytui.models import Usage
from holytui.ui import format as fmt
from holytui.ui.words import cause


class Level(StrEnum):
    """How a field is coloured; the words say the same without colour."""

    CALM = "calm"
    BUSY = "busy"
    WARNING = "warning"
    ERROR = "error"


_STYLE = {Level.CALM: "$text-muted", Level.BUSY: "$primary", Level.WARNING: "$warning", Level.ERROR: "$error"}
_MARK = {Level.CALM: "○", Level.BUSY: "●", Level.WARNING: "▲", Level.ERROR: "✗"}


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection's state in words. `due` is when a countdown in it ends (engine clock), `since` when it began."""

    level: Level
    text: str
    due: float | None = None
    since: float | None = None

    def words(self, now: float) -> str:
        """The text with its countdown or running time filled in."""
        if self.due is not None:
            return self.text.format(left=fmt.seconds(max(0.0, self.due - now)))
        if self.since is not None:
            return self.text.format(time=fmt.seconds(now - self.since))
        return self.text

    @property
    def moving(self) -> bool:
        """The words change as time goes by."""
        return self.due is not None or self.since is not None


def connection(event: TurnEvent, now: float, before: Connection) -> Connection:  # noqa: C901 - one case an event
    """What to say after `event`; `before` stays where the event changes nothing."""
    match event:
        case ev.Queued():
            return Connection(Level.BUSY, _("queued"))
        case ev.Connecting(host=host, attempt=attempt):
            tries = _(" (attempt {number})").format(number=attempt) if attempt > 1 else ""
            return Connection(Level.BUSY, _("connecting to {host}").format(host=host) + tries)
        case ev.Waiting():
            return Connection(Level.BUSY, _("waiting for the first token · {time}"), since=now)
        case ev.Delta() | ev.Joined() | ev.Replaced():
            return Connection(Level.BUSY, _("receiving"))
        case ev.Reasoning():
            return Connection(Level.BUSY, _("reasoning"))
        case ev.Retrying(number=number, limit=limit, due=due, fault=fault):
            words = _("retry {number}/{limit} in {{left}} · {cause}")
            return Connection(Level.WARNING, words.format(number=number, limit=limit, cause=_plain(fault)), due=due)
        case ev.Offline(since=since, due=due, fault=fault):
            words = _("offline since {clock}, next try in {{left}} · {cause}")
            return Connection(Level.WARNING, words.format(clock=fmt.clock(since), cause=_plain(fault)), due=due)
        case ev.Online(away=away):
            return Connection(Level.BUSY, _("connection is back after {time}").format(time=fmt.seconds(away)))
        case ev.Refreshing():
            return Connection(Level.BUSY, _("key refused, asking its source again"))
        case ev.Resuming(kept=kept):
            return Connection(Level.BUSY, _("resuming · {kept} characters kept").format(kept=fmt.count(kept)))
        case ev.Quiet(no_byte=no_byte, no_token=no_token):
            return _quiet(no_byte, no_token)
        case ev.Slow(rate=rate):
            return Connection(Level.WARNING, _("slow link · {rate} B/s").format(rate=int(rate))) if rate else before
        case ev.StoreTrouble(problem=problem):
            return Connection(Level.ERROR, _plain_text(problem.title)) if problem else before
        case ev.Finished():
            return Connection(Level.CALM, _("ready"))
        case ev.Stopped():
            return Connection(Level.CALM, _("stopped, text kept"))
        case ev.Interrupted():
            return Connection(Level.WARNING, _("interrupted, text kept"))
        case ev.Failed(problem=problem):
            return Connection(Level.ERROR, _plain_text(problem.title))
        case _:
            return before


def _quiet(no_byte: float, no_token: float) -> Connection:
    if no_byte >= 1:
        return Connection(Level.WARNING, _("no data for {time}").format(time=fmt.seconds(no_byte)))
    if no_token >= 1:
        return Connection(Level.BUSY, _("alive, no token for {time}").format(time=fmt.seconds(no_token)))
    return Connection(Level.BUSY, _("receiving"))


def _plain(fault: Fault) -> str:
    return _plain_text(cause(fault))


def _plain_text(text: str) -> str:
    """Safe as a template that `Connection.words` fills in."""
    return text.replace("{", "{{").replace("}", "}}")


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens a second: the last figure and the ones before it, for the sparkline."""

    now: float = 0.0
    past: tuple[float, ...] = ()

    def with_sample(self, value: float, keep: int = 8) -> Rate:
        """After one more sample."""
        return replace(self, now=value, past=(*self.past, value)[-keep:])


_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float]) -> str:
    """One bar a value, the highest filling its cell."""
    top = max(values, default=0)
    if top <= 0:
        return ""
    return "".join(_BARS[min(7, int(value / top * 7.999))] for value in values)


@dataclass(frozen=True, slots=True)
class Status:
    """All that the bar can show; None or empty: nothing to say."""

    connection: Connection = Connection(Level.CALM, "")
    model: str = ""
    usage: Usage | None = None
    cost: float | None = None
    context: float | None = None
    """Part of the model's context that the conversation fills, 0 to 1 and above."""
    rate: Rate = Rate()
    first_token_s: float | None = None
    link: str = ""
    position: str = ""
    """Where the log stands, such as "↓ 34 new lines"."""


def fields(status: Status, now: float) -> list[tuple[int, str, str]]:
    """(rank, text, style) in the order shown; the highest rank number is dropped first when the line is narrow."""
    here = status.connection
    words = here.words(now) or _("ready")
    out = [(0, f"{_MARK[here.level]} {words}", _STYLE[here.level])]
    if status.position:
        out.append((1, status.position, "$accent"))
    if status.model:
        out.append((2, status.model, ""))
    if status.usage is not None:
        out.append((3, fmt.usage(status.usage), ""))
    if status.cost is not None:
        out.append((4, fmt.cost(status.cost), ""))
    if status.context is not None:
        out.append(_context(status.context))
    if status.rate.now > 0:
        bars = sparkline(status.rate.past)
        out.append((6, f"{fmt.decimal(status.rate.now, 0)} tok/s {bars}".rstrip(), "$text-muted"))
    if status.first_token_s is not None:
        out.append((7, _("first {time}").format(time=fmt.seconds(status.first_token_s)), "$text-muted"))
    if status.link:
        out.append((8, status.link, "$text-muted"))
    return out


def _context(part: float) -> tuple[int, str, str]:
    percent = f"{part * 100:.0f} %"
    if part >= 1:
        return 1, _("context over: {percent}").format(percent=percent), "$error"
    if part >= 0.8:
        return 2, _("context nearly full: {percent}").format(percent=percent), "$warning"
    return 5, _("context {percent}").format(percent=percent), "$text-muted"


def line(status: Status, width: int, now: float) -> Content:
    """The status line, at most `width` cells; fields go by rank and only the last one left is cut."""
    shown = fields(status, now)
    while len(shown) > 1 and _width(shown) > width:
        shown.remove(max(shown, key=lambda field: field[0]))
    parts: list[tuple[str, str]] = []
    for index, (_rank, text, style) in enumerate(shown):
        if index:
            parts.append(("  ", ""))
        parts.append((text, style))
    return Content.assemble(*parts).truncate(width, ellipsis=True)


def _width(shown: Sequence[tuple[int, str, str]]) -> int:
    return sum(Content(text).cell_length for _rank, text, _style in shown) + 2 * (len(shown) - 1)
