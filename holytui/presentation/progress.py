"""Texts for the events of a turn, for the screen, plain mode and `ask`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holytui import formatting as fmt
from holytui.engine import events as ev
from holytui.engine.spending import describe, describe_unpriced
from holytui.faults import Fault, FaultKind
from holytui.i18n import _, ngettext
from holytui.models import Problem
from holytui.presentation.labels import cause
from holytui.presentation.notice import Connection, Level

if TYPE_CHECKING:
    from holytui.engine.events import TurnEvent


def connection(event: TurnEvent, now: float, before: Connection) -> Connection:  # noqa: C901 - one case per event
    """Return the state of the connection after `event`; `before` if the event does not change it."""
    match event:
        case ev.Queued():
            return Connection(Level.BUSY, _("queued"))
        case ev.ImagesLeftOut(images=count):
            words = ngettext(
                "{count} image is left out, as this model accepts none",
                "{count} images are left out, as this model accepts none",
                count,
            )
            return Connection.plain(Level.WARNING, words.format(count=count))
        case ev.ParamsLeftOut() | ev.LimitNear() | ev.CostUnknown():
            return Connection.plain(Level.WARNING, notice(event))
        case ev.Connecting(host=host, attempt=attempt):
            words = _("connecting to {host} (attempt {number})") if attempt > 1 else _("connecting to {host}")
            return Connection.plain(Level.BUSY, words.format(host=host, number=attempt))
        case ev.Waiting():
            return Connection(Level.BUSY, _("waiting for the first token · {time}"), since=now)
        case ev.Delta() | ev.Joined() | ev.Replaced():
            return Connection(Level.BUSY, _("receiving"))
        case ev.Reasoning():
            return Connection(Level.BUSY, _("reasoning"))
        case ev.Retrying(number=number, limit=limit, due=due, fault=fault):
            words = _("retry {number}/{limit} in {{left}} · {cause}")
            return Connection(Level.WARNING, words.format(number=number, limit=limit, cause=_cause(fault)), due=due)
        case ev.Offline(since=since, due=due, fault=fault):
            words = _("offline since {clock}, next try in {{left}} · {cause}")
            return Connection(Level.WARNING, words.format(clock=fmt.clock(since), cause=_cause(fault)), due=due)
        case ev.Online(away=away):
            return Connection(Level.BUSY, _("connection is back after {time}").format(time=fmt.seconds(away)))
        case ev.Refreshing():
            return Connection(Level.BUSY, _("key refused, asking its source again"))
        case ev.Resuming(mode="reattach", kept=kept):
            words = _("reattaching to the same answer · {kept} characters kept")
            return Connection(Level.BUSY, words.format(kept=fmt.count(kept)))
        case ev.Resuming(kept=kept):
            return Connection(Level.BUSY, _("resuming · {kept} characters kept").format(kept=fmt.count(kept)))
        case ev.Quiet(no_byte=no_byte, no_token=no_token):
            return _quiet(no_byte, no_token)
        case ev.Slow(rate=rate):
            return Connection(Level.WARNING, _("slow link · {rate} B/s").format(rate=int(rate))) if rate else before
        case ev.StoreTrouble(problem=problem):
            return Connection.plain(Level.ERROR, problem.title) if problem else before
        case ev.Finished():
            return Connection(Level.CALM, _("ready"))
        case ev.Stopped():
            return Connection(Level.CALM, _("stopped, text kept"))
        case ev.Interrupted(attempts=0, problem=Problem(fault=Fault(kind=FaultKind.LIMIT))):
            return Connection(Level.WARNING, _("not sent, question kept"))
        case ev.Interrupted():
            return Connection(Level.WARNING, _("interrupted, text kept"))
        case ev.Failed(problem=problem):
            return Connection.plain(Level.ERROR, problem.title)
        case _:
            return before


def notice(event: TurnEvent) -> str:
    """Return the words of an event that later ones must not hide; empty for any other."""
    match event:
        case ev.ParamsLeftOut(names=names):
            return _("sent without {names}, which the server refuses").format(names=", ".join(names))
        case ev.LimitNear(spent=spent):
            return describe(spent)
        case ev.CostUnknown(model=model):
            return describe_unpriced(model)
        case _:
            return ""


def _quiet(no_byte: float, no_token: float) -> Connection:
    if no_byte >= 1:
        return Connection(Level.WARNING, _("no data for {time}").format(time=fmt.seconds(no_byte)))
    if no_token >= 1:
        return Connection(Level.BUSY, _("connected, no token for {time}").format(time=fmt.seconds(no_token)))
    return Connection(Level.BUSY, _("receiving"))


def _cause(fault: Fault) -> str:
    """Return the cause, escaped for a template."""
    return cause(fault).replace("{", "{{").replace("}", "}}")
