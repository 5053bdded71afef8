"""The method of `TurnMachine` for each input in each state; `docs/states.md` is generated from this table.

Every pair has an entry. Inputs that no longer matter in a state (a timer that was cancelled, an event of a cancelled
attempt) map to `ignore`.
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
    wire.StreamNamed,
    wire.Received,
    wire.Piece,
    wire.UsageSeen,
    wire.End,
    effects.RetryDue,
    effects.ProbeDue,
    effects.ProbeResult,
    effects.KeyRefreshed,
    effects.KeyFailed,
    effects.StopRequested,
    effects.RetryRequested,
    effects.ClockJumped,
    effects.InternalFailure,
)
IGNORED = "ignore"

_ANY: dict[type, str] = {effects.StopRequested: "stop", effects.InternalFailure: "fail_internally"}
_IN_FLIGHT: dict[type, str] = {
    **_ANY,
    wire.Connected: "connected",
    wire.Accepted: "accepted",
    wire.StreamNamed: "stream_named",
    wire.Received: "record_bytes",
    wire.Piece: "add_piece",
    wire.UsageSeen: "report_usage",
    wire.End: "attempt_ended",
    effects.KeyFailed: "key_failed",
}
_CHOSEN: dict[AnswerState, dict[type, str]] = {
    AnswerState.QUEUED: {**_ANY, effects.Start: "start", effects.KeyFailed: "key_failed"},
    AnswerState.CONNECTING: _IN_FLIGHT,
    AnswerState.WAITING: _IN_FLIGHT,
    AnswerState.STREAMING: _IN_FLIGHT,
    AnswerState.RESUMING: _IN_FLIGHT,
    AnswerState.RETRYING: {
        **_ANY,
        effects.RetryDue: "send_again",
        effects.RetryRequested: "send_again",
        effects.ClockJumped: "send_again",
    },
    AnswerState.OFFLINE: {
        **_ANY,
        effects.ProbeDue: "probe",
        effects.ProbeResult: "probe_ended",
        effects.RetryRequested: "send_again",
        effects.ClockJumped: "send_again",
    },
    AnswerState.REFRESHING: {**_ANY, effects.KeyRefreshed: "key_refreshed", effects.KeyFailed: "key_failed"},
}

TABLE: Mapping[AnswerState, Mapping[type, str]] = MappingProxyType(
    {
        state: MappingProxyType({each: _CHOSEN.get(state, {}).get(each, IGNORED) for each in INPUTS})
        for state in AnswerState
    }
)
