"""The growing text of one answer: shown text, text held back at a seam, and attempt rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from holytui.engine.ending import Ending
from holytui.engine.events import Delta, Joined, Reasoning, Replaced
from holytui.engine.resume.instruction import quotation
from holytui.engine.resume.reply import InstructedReply
from holytui.engine.resume.seam import Decision, Seam
from holytui.engine.resume.strategy import ResumeMode, Strategy
from holytui.engine.turn.effects import Effect, Emit, Journal, Moment, SaveAttempt, SaveVariant
from holytui.engine.turn.text_buffer import TextBuffer
from holytui.engine.usage import ReceivedTokens, Tally
from holytui.faults import Fault
from holytui.models import HIDDEN, AnswerState, Attempt, DeltaKind, Join, StreamMark, Usage
from holytui.wire.events import End, Piece


@dataclass(frozen=True, slots=True)
class PriorAnswer:
    """The stored content of an answer before this turn."""

    text: str = ""
    reasoning: str = ""
    seams: tuple[int, ...] = ()
    attempts: int = 0
    usage: Usage | None = None
    begun_again: bool = False


class AnswerBuilder:
    """Text, reasoning, seams and attempts of one answer. Methods return effects and carry out none."""

    def __init__(
        self, turn_id: str, answer_id: str, prior: PriorAnswer, new_id: Callable[[], str], *, unsettled: bool = False
    ) -> None:
        """`unsettled`: the last stored attempt may be reattached, and is not in the prior usage."""
        self._turn_id = turn_id
        self._answer_id = answer_id
        self._new_id = new_id
        self._pieces = TextBuffer(prior.text)
        self._reasoning = TextBuffer(prior.reasoning)
        self._seam: Seam | None = None
        self._reply: InstructedReply | None = None
        self._allow_guess = True
        self._began_at = 0
        self._seam_base = 0
        self._added_from = 0
        self._received = ReceivedTokens()
        """Of text and reasoning received in the current attempt."""
        self._attempt_reasoning = 0
        self._had_reasoning = False
        self._attempt_usage: Usage | None = None
        self._unsettled = unsettled
        """The last attempt may be reattached, so its usage is not in the tally."""
        self.length = len(prior.text)
        """Characters shown."""
        self.trusted = self.length
        """Leading characters known to belong to the answer; text before an unproven end does not count."""
        self.gained = False
        """The current or last attempt added visible text."""
        self.rejected = False
        """The attempt's text is discarded: its place is unproven and may not be guessed, or it repeats the instruction.
        """
        self.reasoning_length = len(prior.reasoning)
        self.seams = prior.seams
        self.begun_again = prior.begun_again
        """A restarted answer replaced an interrupted one."""
        self.attempts = prior.attempts
        self.tally = Tally(prior.usage)
        self.attempt: Attempt | None = None
        """The current attempt; None between attempts."""
        self.first_token_at: float | None = None
        self.first_reasoning_at: float | None = None
        self.first_content_at: float | None = None

    @property
    def text(self) -> str:
        """The text shown."""
        return self._pieces.text()

    @property
    def reasoning(self) -> str:
        """The reasoning shown."""
        return self._reasoning.text()

    def share(self, text: str, reasoning: str) -> None:
        """Keep these texts instead of equal ones, so that there is only one of each in memory."""
        self._pieces.share(text)
        self._reasoning.share(reasoning)

    def ending(self, state: AnswerState, finish_reason: str) -> Ending:
        """The `Ending` for `state`."""
        return Ending(state, finish_reason, self.text, self.reasoning, self.seams, self.begun_again)

    @property
    def output_tokens(self) -> int:
        """Tokens received in this turn, with reasoning, of all requests; a lower bound where none are reported."""
        running = self._received.lower_bound
        if self._attempt_usage is not None:
            running = max(running, self._attempt_usage.output)
        return self.tally.reported.output + self.tally.received + running

    @property
    def joining(self) -> bool:
        """A continuation is held back until its join is decided."""
        return self._seam is not None and self._seam.decision is None

    @property
    def held(self) -> str:
        """Journalled text of the current attempt that is shown once it is known not to repeat the instruction."""
        return self._reply.held if self._reply is not None and self.attempt is not None else ""

    @property
    def added(self) -> str:
        """Text added by the current or last attempt."""
        return self.text[self._added_from :] if self.gained else ""

    @property
    def is_placed(self) -> bool:
        """The last attempt sent text, and its place is known."""
        return self._seam is None or (self._seam.decision is not None and self._seam.decision.cut != HIDDEN)

    @property
    def is_appending(self) -> bool:
        """Text of the attempt is added to the answer unchanged, so that its stream can be read on."""
        return self.is_placed and self._reply is None and not self.rejected

    @property
    def echoed(self) -> bool | None:
        """Whether the server repeated a prefill before continuing; None if not known."""
        return self._seam.echoed if self._seam is not None else None

    @property
    def has_end_marker(self) -> bool:
        """The model wrote the end marker."""
        return self._reply is not None and self._reply.has_end_marker

    def begin(
        self, mode: ResumeMode | None, at: Moment, strategy: Strategy | None = None, *, allow_guess: bool = True
    ) -> list[Effect]:
        """Start an attempt. `allow_guess`: accept a continuation, with a mark, although its place is unproven."""
        self.attempts += 1
        self.settle()
        attempt = Attempt(self._new_id(), self._answer_id, self.attempts, at.wall)
        self._seam = self._reply = None
        self._attempt_usage = None
        self._attempt_reasoning, self._received = 0, ReceivedTokens()
        self._had_reasoning = bool(self.reasoning_length)
        self._allow_guess = allow_guess
        self._began_at = self._added_from = self.length
        self.gained = self.rejected = False
        if mode is not None:
            self._seam = self._seam_for(mode, strategy or Strategy())
            # a reader of the journal, also after a kill, must see what is shown here: no text that is held back
            attempt = replace(attempt, join=Join.OVERLAP, cut=HIDDEN, resumed_by=mode.value)
        self.attempt = attempt
        return [SaveAttempt(attempt, begins=True)]

    def reattach(self, at: Moment) -> list[Effect]:
        """Start an attempt that reads on the stream of the last one."""
        self.attempts += 1
        join, mode = Join.EXACT, ResumeMode.REATTACH.value
        self.attempt = Attempt(self._new_id(), self._answer_id, self.attempts, at.wall, join=join, resumed_by=mode)
        return [SaveAttempt(self.attempt, begins=True)]

    def settle(self) -> None:
        """Count the usage of an attempt that is not reattached."""
        if self._unsettled:
            received = self._received.lower_bound
            self.tally = self.tally.with_attempt(self._attempt_usage, accepted=True, received=received)
        self._unsettled, self._received = False, ReceivedTokens()

    def _seam_for(self, mode: ResumeMode, strategy: Strategy) -> Seam:
        text = self.text
        self._seam_base = self.length
        if mode is ResumeMode.RESTART:
            return Seam(text, mode, trusted=self.trusted)
        self._seam_base = self.trusted
        partial = text[: self.trusted]
        if mode is ResumeMode.INSTRUCT:
            quoted = quotation(partial)
            self._reply = InstructedReply(partial, quoted)
            return Seam(partial, mode, quoted=quoted)
        prefill = strategy.prefill
        return Seam(partial, mode, exact=strategy.exact, echoes=prefill.echoes, stripped=prefill.strips)

    def distrust_last_attempt(self) -> None:
        """Trust only the text from before the last attempt, whose end is unproven."""
        self.trusted = min(self.trusted, self._began_at)

    def record_status(self, status: int) -> None:
        """Record the HTTP status of an accepted request."""
        if self.attempt is not None:
            self.attempt = replace(self.attempt, status=status)

    def record_bytes(self, total: int) -> None:
        """Record the bytes received in this attempt."""
        if self.attempt is not None:
            self.attempt = replace(self.attempt, bytes_received=total)

    def record_usage(self, usage: Usage) -> Usage:
        """Record the usage reported for this attempt; return the sum over all attempts."""
        self._attempt_usage = usage
        return self.tally.so_far(usage)

    def add(self, piece: Piece, at: Moment, mark: StreamMark | None = None) -> list[Effect]:
        """Add a piece: journal it with `mark`, then show it or hold it back."""
        if self.attempt is None or not piece.text:
            return []
        if self.first_token_at is None:
            self.first_token_at = at.now
        if self.attempt.first_token_at is None:
            self.attempt = replace(self.attempt, first_token_at=at.wall)
        self._received.add(piece.text)
        effects: list[Effect] = [Journal(self.attempt.id, piece.kind, piece.text, mark)]
        if piece.kind is DeltaKind.REASONING:
            return effects + self._add_reasoning(piece.text, at)
        if self.first_content_at is None:
            self.first_content_at = at.now
        if self.rejected:
            return effects
        if self._seam is None or self._seam.decision is not None:
            return effects + self._add_content(piece.text)
        return effects + self._apply_decision(self._seam.feed(piece.text))

    def complete(self, end: End, at: Moment) -> list[Effect]:
        """End the attempt at the server's proper end of the answer."""
        effects: list[Effect] = []
        if self._seam is not None and self._seam.decision is None:
            effects = self._apply_decision(self._seam.finish())
        return effects + self._flush() + self._close(end, None, at)

    def interrupt(self, end: End, fault: Fault | None, at: Moment, *, kept: bool = False) -> list[Effect]:
        """End the attempt before the answer was complete. `kept`: the server keeps its stream."""
        if self._seam is not None:
            self._seam.abandon()
        return self._flush() + self._close(end, fault, at, kept=kept)

    def _add_reasoning(self, text: str, at: Moment) -> list[Effect]:
        if self.first_reasoning_at is None:
            self.first_reasoning_at = at.now
        effects: list[Effect] = []
        if not self._attempt_reasoning and self._had_reasoning and not self.length and self.attempt is not None:
            # only reasoning had arrived before; the model starts its reasoning again, so this replaces it
            self.attempt = replace(self.attempt, join=Join.RESTART)
            self._reasoning, self.reasoning_length = TextBuffer(), 0
            effects = [SaveAttempt(self.attempt), Emit(Replaced(self._turn_id, "", "", ""))]
        self._attempt_reasoning += len(text)
        self._reasoning.add(text)
        self.reasoning_length += len(text)
        return [*effects, Emit(Reasoning(self._turn_id, text))]

    def _add_content(self, text: str) -> list[Effect]:
        """Add text of an attempt whose place is known."""
        if self._reply is None:
            return self._show(text)
        shown = self._reply.feed(text)
        self.rejected = self._reply.has_instruction or self._reply.repeats
        return self._show(shown)

    def _flush(self) -> list[Effect]:
        """Show held text at the end of an instructed reply, and record where the answer ends in it."""
        if self._reply is None or self.attempt is None or self.attempt.cut == HIDDEN:
            return []
        effects = self._show(self._reply.finish())
        if self._reply.discards_rest:
            self.attempt = replace(self.attempt, end=self.attempt.cut + self._reply.released)
        return effects

    def _show(self, text: str) -> list[Effect]:
        if not text:
            return []
        self._pieces.add(text)
        self.length += len(text)
        self.trusted = self.length
        self.gained = self.gained or bool(text.strip())
        return [Emit(Delta(self._turn_id, text))]

    def _apply_decision(self, text: str) -> list[Effect]:
        decision = self._seam.decision if self._seam is not None else None
        if decision is None or self.attempt is None:
            return []
        if decision.join in (Join.MARKED, Join.RESTART) and not self._allow_guess:
            self.rejected = True
            return []
        keep = self._seam_base if decision.keep < 0 and self._seam_base < self.length else decision.keep
        self.attempt = replace(self.attempt, join=decision.join, keep=keep, cut=decision.cut)
        if decision.join is Join.RESTART:
            return self._replace(text)
        return self._append(decision, keep, text)

    def _append(self, decision: Decision, keep: int, text: str) -> list[Effect]:
        """Join after the first `keep` characters (-1: after all)."""
        assert self.attempt is not None
        effects: list[Effect] = [SaveAttempt(self.attempt)]
        if 0 <= keep < self.length:
            prior = self.text[:keep]
            self._pieces, self.length = TextBuffer(prior), keep
            self.seams = tuple(seam for seam in self.seams if seam < keep)
            effects.append(Emit(Replaced(self._turn_id, prior, self.reasoning, "")))
        if decision.join is Join.MARKED:
            self.seams = (*self.seams, self.length)
        self.trusted = self._added_from = self.length
        return [*effects, Emit(Joined(self._turn_id, self.length, decision.join)), *self._add_content(text)]

    def _replace(self, text: str) -> list[Effect]:
        assert self.attempt is not None
        reasoning = self.reasoning[self.reasoning_length - self._attempt_reasoning :]
        self._pieces, self._reasoning = TextBuffer(text), TextBuffer(reasoning)
        self.length, self.reasoning_length = len(text), len(reasoning)
        self.trusted = self.length
        self._added_from = 0
        self.gained = bool(text.strip())
        self.seams = ()
        self.begun_again = True
        return [SaveVariant(self.attempt, text, reasoning)]

    def _close(self, end: End, fault: Fault | None, at: Moment, *, kept: bool = False) -> list[Effect]:
        if self.attempt is None:
            return []
        accepted = self.attempt.status is not None and self.attempt.status < 300
        self._unsettled = self._unsettled or (kept and accepted)
        if not kept:
            received = self._received.lower_bound
            accepted = accepted or self._unsettled
            self.tally = self.tally.with_attempt(self._attempt_usage, accepted=accepted, received=received)
            self._unsettled, self._received = False, ReceivedTokens()
        with_attempt = replace(
            self.attempt,
            ended_at=at.wall,
            bytes_received=max(end.total_bytes, self.attempt.bytes_received),
            status=end.status or self.attempt.status,
            finish_reason=end.finish_reason,
            fault=fault,
            usage=None if kept else self._attempt_usage,
        )
        self.attempt = None
        return [SaveAttempt(with_attempt)]
