"""Probes whether a server keeps the stream of an interrupted answer."""

from __future__ import annotations

from holytui.config.effort import without_effort
from holytui.engine.check.check_target import CheckTarget
from holytui.engine.ports import Client
from holytui.engine.turn.kept_stream import StreamKeeper
from holytui.i18n import _
from holytui.models import Role, StreamKind
from holytui.secret import Secret
from holytui.wire.events import Connected, End, Piece, StreamNamed, Verdict
from holytui.wire.request import ChatMessage, ChatRequest

_PIECES = 3
"""Pieces after which the answer is cut."""
_RELEASE_TIMEOUT = 5.0


def probe_reattaching(target: CheckTarget, client: Client, key: Secret | None, question: str) -> str:
    """Cut an answer, and read it on; return why that does not work, or an empty text."""
    model, kind = target.resolved.model, target.strategy.stream_kind
    streams = StreamKeeper(None)
    stream_id, _saved = streams.begin("", kind)
    messages = (ChatMessage(Role.USER, question),)
    asked = ChatRequest(model.name, messages, without_effort(model.params), stream_id, kind is StreamKind.EVENTS)
    try:
        cut = _read(client, target, key, asked, streams, _PIECES)
        if cut is not None and cut.verdict is not Verdict.CANCELLED:
            return _("not known: the answer was too short to be cut")
        if not streams.can_reattach:
            return _("the server does not generate answers in the background")
        end = _read(client, target, key, ChatRequest(model.name, (), reattach=streams.reattach()), streams, 1)
    finally:
        for ended in streams.end(release=True):
            client.release(target.endpoint, key, ended.stream_id, _RELEASE_TIMEOUT, kind)
    if end is None or end.verdict in (Verdict.COMPLETE, Verdict.CANCELLED):
        return ""
    if end.status is not None and end.status >= 300:
        return _("refused (status {status})").format(status=end.status)
    return target.problem(end.fault).title if end.fault is not None else _("the answer did not go on")


def _read(
    client: Client, target: CheckTarget, key: Secret | None, request: ChatRequest, streams: StreamKeeper, pieces: int
) -> End | None:
    """Read so many pieces of an answer; its end, if that came before."""
    events = client.open(target.endpoint, key, request, target.timeouts)
    try:
        while pieces:
            match events.wait(None):
                case End() as end:
                    return end
                case Connected():
                    streams.connected()
                case StreamNamed(stream_id):
                    streams.named("", stream_id)
                case Piece() as piece:
                    streams.add(piece)
                    pieces -= 1
                case None:
                    return None
                case _:
                    pass
    finally:
        events.cancel()
    return None
