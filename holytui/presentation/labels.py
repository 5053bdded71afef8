"""Short labels for states and causes, for lines without room for a full problem."""

from __future__ import annotations

from holytui.faults import Fault, FaultKind
from holytui.i18n import N_, _
from holytui.models import AnswerState

_CAUSES = {
    FaultKind.DNS: N_("host name not found"),
    FaultKind.REFUSED: N_("connection refused"),
    FaultKind.UNREACHABLE: N_("network unreachable"),
    FaultKind.CONNECT_TIMEOUT: N_("no answer to connect"),
    FaultKind.TLS: N_("certificate or TLS error"),
    FaultKind.NO_TLS: N_("server without TLS"),
    FaultKind.WANTS_TLS: N_("TLS required"),
    FaultKind.PROXY: N_("proxy error"),
    FaultKind.STALE: N_("stale connection"),
    FaultKind.CLOSED: N_("connection closed early"),
    FaultKind.RESET: N_("connection reset"),
    FaultKind.IDLE: N_("no data"),
    FaultKind.NO_TOKEN: N_("no token"),
    FaultKind.NOT_A_STREAM: N_("not an answer"),
    FaultKind.GARBLED: N_("damaged answer"),
    FaultKind.ENCODED: N_("unrequested compression"),
    FaultKind.SETUP: N_("invalid setting"),
    FaultKind.INSECURE: N_("unsafe address"),
    FaultKind.LIMIT: N_("spending limit"),
    FaultKind.INTERNAL: N_("internal error"),
}

_STATES = {
    AnswerState.QUEUED: N_("queued"),
    AnswerState.CONNECTING: N_("connecting"),
    AnswerState.WAITING: N_("waiting"),
    AnswerState.STREAMING: N_("receiving"),
    AnswerState.RETRYING: N_("retrying"),
    AnswerState.OFFLINE: N_("offline"),
    AnswerState.REFRESHING: N_("refreshing the key"),
    AnswerState.RESUMING: N_("resuming"),
    AnswerState.COMPLETE: N_("complete"),
    AnswerState.STOPPED: N_("stopped"),
    AnswerState.FAILED: N_("failed"),
    AnswerState.INTERRUPTED: N_("interrupted"),
}


def cause(fault: Fault) -> str:
    """Return the cause in two to four words; an HTTP status only if the server sent one."""
    if fault.kind in (FaultKind.STATUS, FaultKind.IN_BAND):
        return f"HTTP {fault.status}" if fault.status else fault.code or _("server error")
    if fault.code == "ENOENT":
        return _("socket not found")
    words = _(_CAUSES[fault.kind])
    return _("proxy: {cause}").format(cause=words) if fault.proxy and fault.kind is not FaultKind.PROXY else words


def state(value: AnswerState) -> str:
    """Return the label of an answer's state."""
    return _(_STATES[value])
