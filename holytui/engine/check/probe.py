"""One test request: its response with timing, and how an instructed reply is joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from holytui.engine.ports import AttemptEvents
from holytui.engine.resume.instruction import quotation
from holytui.engine.resume.reply import InstructedReply
from holytui.engine.resume.seam import Seam
from holytui.engine.resume.strategy import ResumeMode
from holytui.faults import Fault
from holytui.models import DeltaKind, Join, Usage
from holytui.wire.events import Accepted, End, Piece, UsageSeen, Verdict

_INTERRUPTIBLE = 0.2
"""Seconds of one wait; a Ctrl+C just before a wait does not end that wait."""


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """The response to one request."""

    pieces: tuple[str, ...]
    """Pieces of the text."""
    arrivals: tuple[float, ...]
    """Seconds from the request to each piece of text or reasoning."""
    status: int | None
    """HTTP status, if a response arrived."""
    usage: Usage | None
    end: End | None
    """None: cancelled before its end."""
    seconds: float
    """Total time."""

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)

    @property
    def fault(self) -> Fault | None:
        """The fault, if any."""
        return self.end.fault if self.end is not None else None

    @property
    def complete(self) -> bool:
        """The server ended the answer properly."""
        return self.end is not None and self.end.verdict is Verdict.COMPLETE


def record_response(
    stream: AttemptEvents,
    clock: Callable[[], float],
    limit: float,
    enough: Callable[[str], bool] = lambda _text: False,
    began: float | None = None,
) -> ProbeResponse:
    """Read `stream` to its end, for at most `limit` seconds, or until `enough` accepts the text.

    `began` is the time of the request on `clock`; None: now.
    """
    began = clock() if began is None else began
    pieces: list[str] = []
    arrivals: list[float] = []
    status: int | None = None
    usage: Usage | None = None
    end: End | None = None
    while end is None and (left := limit - (clock() - began)) > 0 and not enough("".join(pieces)):
        match stream.wait(min(left, _INTERRUPTIBLE)):
            case Accepted(status=status):
                pass
            case Piece() as piece:
                arrivals.append(clock() - began)
                pieces += [piece.text] if piece.kind is DeltaKind.CONTENT else []
            case UsageSeen(usage=usage):
                pass
            case End() as end:
                status = end.status or status
    return ProbeResponse(tuple(pieces), tuple(arrivals), status, usage, end, clock() - began)


@dataclass(frozen=True, slots=True)
class JoinedReply:
    """An instructed reply as it would be joined."""

    text: str
    """The text that would be shown."""
    joins: bool
    """It starts with the requested quotation."""
    has_end_marker: bool
    """It has the end marker."""
    has_instruction: bool
    """It repeats the instruction."""


def join_reply(partial: str, response: ProbeResponse) -> JoinedReply:
    """Join `response` to `partial` by the rules for answers."""
    seam, reply = Seam(partial, ResumeMode.INSTRUCT, quoted=quotation(partial)), InstructedReply(partial)
    shown = []
    for piece in response.pieces:
        text = seam.feed(piece)
        shown.append(reply.feed(text) if seam.decision is not None else "")
    if response.complete and seam.decision is None:
        shown.append(reply.feed(seam.finish()))
    if seam.decision is not None:
        shown.append(reply.finish())
    joins = seam.decision is not None and seam.decision.join is Join.OVERLAP
    return JoinedReply("".join(shown), joins, reply.has_end_marker, reply.has_instruction)
