"""One request as a trial: what came and when, and how the reply to an instruction joins what is there."""

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
"""Seconds of one wait. Ctrl+C between Python's last look for a signal and the wait does not end that wait."""


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """What one request brought."""

    pieces: tuple[str, ...]
    """Of the text, as they came."""
    arrivals: tuple[float, ...]
    """Seconds from the beginning of the request to each piece of text or reasoning."""
    status: int | None
    """HTTP status, if a response came."""
    usage: Usage | None
    end: End | None
    """None: it was given up before its end."""
    seconds: float
    """How long it took in all."""

    @property
    def text(self) -> str:
        """All of the text."""
        return "".join(self.pieces)

    @property
    def fault(self) -> Fault | None:
        """What went wrong, if something did."""
        return self.end.fault if self.end is not None else None

    @property
    def complete(self) -> bool:
        """The answer has an end of its own."""
        return self.end is not None and self.end.verdict is Verdict.COMPLETE


def record_response(
    stream: AttemptEvents,
    clock: Callable[[], float],
    limit: float,
    enough: Callable[[str], bool] = lambda _text: False,
    began: float | None = None,
) -> ProbeResponse:
    """Read `stream` to its end, for at most `longest` seconds, or until `enough` of the text is there.

    `began` is when its request was sent, on `clock`; None: now.
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
    """The reply to an instruction, as it would join the answer."""

    text: str
    """What would be shown of it."""
    joins: bool
    """It began with the words that it was asked to begin with."""
    has_end_marker: bool
    """It has the sign of the end."""
    has_instruction: bool
    """It has our own words."""


def join_reply(partial: str, response: ProbeResponse) -> JoinedReply:
    """Join what was `heard` to `partial` by the rules of a real answer."""
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
