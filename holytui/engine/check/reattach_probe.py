"""Probes whether a server keeps the stream of an interrupted answer."""

from __future__ import annotations

from dataclasses import replace

from holytui.config.effort import without_effort
from holytui.engine.check.check_target import CheckTarget
from holytui.engine.ports import Client
from holytui.engine.turn.kept_stream import KeptStream, new_stream_id
from holytui.i18n import _
from holytui.models import Role
from holytui.secret import Secret
from holytui.wire.events import End, Piece, Verdict
from holytui.wire.request import ChatMessage, ChatRequest

_PIECES = 3
"""Pieces after which the answer is cut."""
_RELEASE_TIMEOUT = 5.0


def probe_reattaching(target: CheckTarget, client: Client, key: Secret | None, question: str) -> str:
    """Cut an answer, and read it on; return why that does not work, or an empty text."""
    model = target.resolved.model
    stream = KeptStream(new_stream_id())
    asked = ChatRequest(
        model.name, (ChatMessage(Role.USER, question),), without_effort(model.params), stream_id=stream.id
    )
    try:
        cut = _read(client, target, key, asked, stream, _PIECES)
        if cut is not None and cut.verdict is not Verdict.CANCELLED:
            return _("not known: the answer was too short to be cut")
        end = _read(client, target, key, replace(asked, stream_id="", reattach=stream.reattach()), stream, 1)
    finally:
        client.release(target.endpoint, key, stream.id, _RELEASE_TIMEOUT)
    if end is None or end.verdict in (Verdict.COMPLETE, Verdict.CANCELLED):
        return ""
    if end.status is not None and end.status >= 300:
        return _("refused (status {status})").format(status=end.status)
    return target.problem(end.fault).title if end.fault is not None else _("the answer did not go on")


def _read(
    client: Client, target: CheckTarget, key: Secret | None, request: ChatRequest, stream: KeptStream, pieces: int
) -> End | None:
    """Read so many pieces of an answer into `stream`; its end, if that came before."""
    events = client.open(target.endpoint, key, request, target.timeouts)
    try:
        while pieces:
            match events.wait(None):
                case End() as end:
                    return end
                case Piece() as piece:
                    stream.add(piece)
                    pieces -= 1
                case None:
                    return None
                case _:
                    pass
    finally:
        events.cancel()
    return None
