"""The text of one answer while it grows: what is shown, what is held back at a seam, and its attempts' rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from holytui.engine.ending import Ending
from holytui.engine.events import Delta, Joined, Reasoning, Replaced
from holytui.engine.recovery import How
from holytui.engine.seam import HIDDEN, Seam
from holytui.engine.steps import Effect, Emit, Journal, KeepVariant, Moment, SaveAttempt
from holytui.engine.usage import Tally
from holytui.faults import Fault
from holytui.models import AnswerState, Attempt, DeltaKind, Join, Usage
from holytui.wire.events import End, Piece


@dataclass(frozen=True, slots=True)
class Kept:
    """What an answer has from before this turn."""

    text: str = ""
    reasoning: str = ""
    seams: tuple[int, ...] = ()
    attempts: int = 0
    usage: Usage | None = None
    begun_again: bool = False


class Answer:
    """Text, reasoning, seams and attempts. What it returns are effects; it carries out nothing itself."""

    def __init__(self, turn_id: str, answer_id: str, kept: Kept, new_id: Callable[[], str]) -> None:
        self._turn_id = turn_id
        self._answer_id = answer_id
        self._new_id = new_id
        self._pieces = [kept.text] if kept.text else []
        self._thoughts = [kept.reasoning] if kept.reasoning else []
        self._seam: Seam | None = None
        self._own_thoughts = 0
        self._thought_before = False
        self._running: Usage | None = None
        self.length = len(kept.text)
        """Characters that are shown."""
        self.reasoning_length = len(kept.reasoning)
        self.seams = kept.seams
        self.begun_again = kept.begun_again
        """A second answer took the place of a cut one."""
        self.attempts = kept.attempts
        self.tally = Tally(kept.usage)
        self.attempt: Attempt | None = None
        """The attempt that is under way."""
        self.first_token_at: float | None = None
        self.first_thought_at: float | None = None
        self.first_content_at: float | None = None

    @property
    def text(self) -> str:
        """What is shown."""
        return "".join(self._pieces)

    @property
    def reasoning(self) -> str:
        """The reasoning that is shown."""
        return "".join(self._thoughts)

    def ending(self, state: AnswerState, finish_reason: str) -> Ending:
        """How it ended, in `state`."""
        return Ending(state, finish_reason, self.text, self.reasoning, self.seams, self.begun_again)

    @property
    def joining(self) -> bool:
        """A continuation is held back until it is clear how it joins."""
        return self._seam is not None and self._seam.decision is None

    def begin(self, how: How | None, at: Moment, *, echoes: bool = False) -> list[Effect]:
        """A new attempt."""
        self.attempts += 1
        attempt = Attempt(self._new_id(), self._answer_id, self.attempts, at.wall)
        self._seam = None
        self._running = None
        self._own_thoughts = 0
        self._thought_before = bool(self._thoughts)
        if how is not None:
            self._seam = Seam(self.text, how, echoes=echoes)
            # whoever reads the journal now, or after a kill, sees what is shown here: none of what is held back
            attempt = replace(attempt, join=Join.OVERLAP, cut=HIDDEN, resumed_by=how.value)
        self.attempt = attempt
        return [SaveAttempt(attempt, begins=True)]

    def accepted(self, status: int) -> None:
        """The server has accepted the request."""
        if self.attempt is not None:
            self.attempt = replace(self.attempt, status=status)

    def received(self, total: int) -> None:
        """So many bytes of this attempt have come."""
        if self.attempt is not None:
            self.attempt = replace(self.attempt, bytes_received=total)

    def used(self, usage: Usage) -> Usage:
        """The server told figures for this attempt; the sum of all so far."""
        self._running = usage
        return self.tally.so_far(usage)

    def add(self, piece: Piece, at: Moment) -> list[Effect]:
        """A piece came: journalled first, then shown or held back."""
        if self.attempt is None or not piece.text:
            return []
        if self.first_token_at is None:
            self.first_token_at = at.now
        if self.attempt.first_token_at is None:
            self.attempt = replace(self.attempt, first_token_at=at.wall)
        effects: list[Effect] = [Journal(self.attempt.id, piece.kind, piece.text)]
        if piece.kind is DeltaKind.REASONING:
            return effects + self._think(piece.text, at)
        if self.first_content_at is None:
            self.first_content_at = at.now
        if self._seam is None or self._seam.decision is not None:
            return effects + self._show(piece.text)
        return effects + self._joined(self._seam.feed(piece.text))

    def complete(self, end: End, at: Moment) -> list[Effect]:
        """The answer is whole."""
        effects: list[Effect] = []
        if self._seam is not None and self._seam.decision is None:
            effects = self._joined(self._seam.finish())
        return effects + self._close(end, None, at)

    def cut(self, end: End, fault: Fault | None, at: Moment) -> list[Effect]:
        """The attempt ended before the answer did."""
        if self._seam is not None:
            self._seam.abandon()
        return self._close(end, fault, at)

    def _think(self, text: str, at: Moment) -> list[Effect]:
        if self.first_thought_at is None:
            self.first_thought_at = at.now
        effects: list[Effect] = []
        if not self._own_thoughts and self._thought_before and not self.length and self.attempt is not None:
            # nothing but thoughts had come before: these take their place, as the model thinks all of it again
            self.attempt = replace(self.attempt, join=Join.RESTART)
            self._thoughts, self.reasoning_length = [], 0
            effects = [SaveAttempt(self.attempt), Emit(Replaced(self._turn_id, "", "", ""))]
        self._own_thoughts += len(text)
        self._thoughts.append(text)
        self.reasoning_length += len(text)
        return [*effects, Emit(Reasoning(self._turn_id, text))]

    def _show(self, text: str) -> list[Effect]:
        if not text:
            return []
        self._pieces.append(text)
        self.length += len(text)
        return [Emit(Delta(self._turn_id, text))]

    def _joined(self, text: str) -> list[Effect]:
        decision = self._seam.decision if self._seam is not None else None
        if decision is None or self.attempt is None:
            return []
        self.attempt = replace(self.attempt, join=decision.join, keep=decision.keep, cut=decision.cut)
        if decision.join is Join.RESTART:
            return self._replace(text)
        if decision.join is Join.MARKED:
            self.seams = (*self.seams, self.length)
        told = Joined(self._turn_id, self.length, decision.join)
        return [SaveAttempt(self.attempt), Emit(told), *self._show(text)]

    def _replace(self, text: str) -> list[Effect]:
        assert self.attempt is not None
        reasoning = self.reasoning[self.reasoning_length - self._own_thoughts :]
        self._pieces, self._thoughts = [text], [reasoning]
        self.length, self.reasoning_length = len(text), len(reasoning)
        self.seams = ()
        self.begun_again = True
        return [KeepVariant(self.attempt, text, reasoning)]

    def _close(self, end: End, fault: Fault | None, at: Moment) -> list[Effect]:
        if self.attempt is None:
            return []
        accepted = self.attempt.status is not None and self.attempt.status < 300
        self.tally = self.tally.ended(self._running, accepted=accepted)
        ended = replace(
            self.attempt,
            ended_at=at.wall,
            bytes_received=max(end.total_bytes, self.attempt.bytes_received),
            status=end.status or self.attempt.status,
            finish_reason=end.finish_reason,
            fault=fault,
            usage=self._running,
        )
        self.attempt = None
        return [SaveAttempt(ended)]
