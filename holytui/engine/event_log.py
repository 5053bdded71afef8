"""Logs the events of turns: requests, their ends and their times, but no text."""

from __future__ import annotations

import logging

from holytui.engine import events as ev
from holytui.engine.events import TurnEvent

_log = logging.getLogger(__name__)


def log_event(event: TurnEvent) -> None:  # noqa: C901 - one case an event
    """Log an event, but no delta, at INFO. Called on the thread that publishes events."""
    if not _log.isEnabledFor(logging.INFO):
        return
    turn = event.turn_id
    match event:
        case ev.Connecting(attempt=attempt, host=host):
            _log.info("turn %s: request %d to %s", turn, attempt, host)
        case ev.Waiting():
            _log.info("turn %s: accepted", turn)
        case ev.Retrying(number=number, limit=limit, fault=fault):
            _log.info("turn %s: retry %d of %d after %s, status %s", turn, number, limit, fault.kind, fault.status)
        case ev.Offline(fault=fault):
            _log.info("turn %s: endpoint unreachable: %s", turn, fault.kind)
        case ev.Online(away=away):
            _log.info("turn %s: endpoint back after %.1f s", turn, away)
        case ev.Refreshing():
            _log.info("turn %s: key refused, asking its source again", turn)
        case ev.Resuming(mode=mode, kept=kept):
            _log.info("turn %s: resuming by %s, %d characters received", turn, mode, kept)
        case ev.Joined(at=at, join=join):
            _log.info("turn %s: joined at %d: %s", turn, at, join)
        case ev.Replaced(text=text):
            _log.info("turn %s: replaced by %d characters", turn, len(text))
        case ev.Quiet(no_byte=no_byte, no_token=no_token):
            _log.info("turn %s: no byte for %.0f s, no token for %.0f s", turn, no_byte, no_token)
        case ev.UsageKnown(usage=usage):
            _log.info("turn %s: %d tokens in, %d out", turn, usage.input, usage.output)
        case ev.Ended():
            _log.info("turn %s: %s", turn, type(event).__name__.lower())
        case _:
            pass
