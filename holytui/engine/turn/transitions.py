"""Which method of `turn.Turn` takes each input in each state; `docs/states.md` is made from this table.

Every pair has an entry. What cannot matter any more in a state (a timer of a wait that is over, an event of an attempt
that was given up) is `late` there, and dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from holytui.engine.turn import effects
from holytui.models import AnswerState
from holytui.wire import events as wire

INPUTS: tuple[type, ...] = (
    effects.Start,
    wire.Connected,
    wire.Accepted,
    wire.Received,
    wire.Piece,
    wire.UsageSeen,
    wire.End,
    effects.RetryDue,
    effects.ProbeDue,
    effects.ProbeResult,
    effects.KeyRefreshed,
    effects.KeyFailed,
    effects.StopAsked,
    effects.HurryAsked,
    effects.ClockJumped,
    effects.Broken,
)
LATE = "late"

_ANY: dict[type, str] = {effects.StopAsked: "stop", effects.Broken: "broken"}
_IN_FLIGHT: dict[type, str] = {
    **_ANY,
    wire.Connected: "connected",
    wire.Accepted: "accepted",
    wire.Received: "noted",
    wire.Piece: "piece",
    wire.UsageSeen: "usage",
    wire.End: "attempt_ended",
    effects.KeyFailed: "no_key",
}
_CHOSEN: dict[AnswerState, dict[type, str]] = {
    AnswerState.QUEUED: {**_ANY, effects.Start: "start", effects.KeyFailed: "no_key"},
    AnswerState.CONNECTING: _IN_FLIGHT,
    AnswerState.WAITING: _IN_FLIGHT,
    AnswerState.STREAMING: _IN_FLIGHT,
    AnswerState.RESUMING: _IN_FLIGHT,
    AnswerState.RETRYING: {
        **_ANY,
        effects.RetryDue: "try_now",
        effects.HurryAsked: "try_now",
        effects.ClockJumped: "try_now",
    },
    AnswerState.OFFLINE: {
        **_ANY,
        effects.ProbeDue: "probe",
        effects.ProbeResult: "probed",
        effects.HurryAsked: "try_now",
        effects.ClockJumped: "try_now",
    },
    AnswerState.REFRESHING: {**_ANY, effects.KeyRefreshed: "key_renewed", effects.KeyFailed: "no_key"},
}

TABLE: Mapping[AnswerState, Mapping[type, str]] = MappingProxyType(
    {
        state: MappingProxyType({each: _CHOSEN.get(state, {}).get(each, LATE) for each in INPUTS})
        for state in AnswerState
    }
)
