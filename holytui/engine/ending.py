"""Doubts about the end of an answer, and their wording.

Pure: an `Ending` comes from a live answer's last event or a stored message, and gives the same doubts for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from holytui.engine import remedies
from holytui.hints import sentences
from holytui.i18n import _, ngettext
from holytui.models import AnswerState, Message, Problem
from holytui.text import sanitize_line
from holytui.wire.events import End

TOOL_CALLS = "tool_calls"
_EXCERPT = 40
_RESUMABLE_STATES = (AnswerState.INTERRUPTED, AnswerState.STOPPED, AnswerState.FAILED)


class Doubt(StrEnum):
    """A reason why an answer may be incomplete or wrong. Values appear in `holytui ask --json`."""

    LENGTH = "length"
    """A token limit truncated it."""
    CONTENT_FILTER = "content_filter"
    """The server's content filter ended it, with or without text."""
    TOOL_CALLS = "tool_calls"
    """The model called tools, which holytui does not support, after its text."""
    UNKNOWN_REASON = "unknown_reason"
    """The server reported an unknown finish_reason."""
    EMPTY = "empty"
    """Neither text nor reasoning arrived."""
    REASONING_ONLY = "reasoning_only"
    """Only reasoning arrived."""
    SEAM = "seam"
    """A continuation was joined without proof."""
    BEGUN_AGAIN = "begun_again"
    """A restarted answer replaced an interrupted one, which is kept as a variant."""


_NORMAL = frozenset({"", "stop", "stop_sequence", "end_turn", "eos", "eos_token", "complete", "completed"})
_REASONS: Mapping[str, Doubt] = MappingProxyType(
    {
        **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_length", "max_length"), Doubt.LENGTH),
        **dict.fromkeys(
            (
                *("content_filter", "content_filtered", "safety", "sensitive", "refusal", "recitation", "language"),
                *("blocklist", "prohibited_content", "spii", "image_safety"),
            ),
            Doubt.CONTENT_FILTER,
        ),
        **dict.fromkeys((TOOL_CALLS, "tool_call", "function_call", "tool_use"), Doubt.TOOL_CALLS),
    }
)
"""Finish reasons besides "stop", in lower case; OpenAI, Anthropic, Gemini, Mistral, TGI and Zhipu differ."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an answer ended."""

    state: AnswerState = AnswerState.COMPLETE
    finish_reason: str = ""
    text: str = ""
    reasoning: str = ""
    seams: tuple[int, ...] = ()
    """Offsets in `text` where a continuation was joined without proof."""
    begun_again: bool = False

    @classmethod
    def of(cls, message: Message) -> Ending:
        """The ending of a stored answer."""
        m = message
        return cls(m.state, m.finish_reason, m.text, m.reasoning, m.seams, m.begun_again)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """All doubts, the most serious first.

        An answer that is not complete has a problem of its own, so only doubts about its text count; an active answer
        has none.
        """
        found = []
        if self.state is AnswerState.COMPLETE:
            found += self._end_doubts()
        if self.state.final and self.seams:
            found.append(Doubt.SEAM)
        if self.state.final and self.begun_again:
            found.append(Doubt.BEGUN_AGAIN)
        return tuple(found)

    def _end_doubts(self) -> list[Doubt]:
        found = []
        reason = self.finish_reason.casefold()
        if reason not in _NORMAL:
            found.append(_REASONS.get(reason, Doubt.UNKNOWN_REASON))
        if not self.text.strip():
            found.append(Doubt.REASONING_ONLY if self.reasoning.strip() else Doubt.EMPTY)
        return found

    @property
    def resumable(self) -> bool:
        """Whether the answer can be resumed: it was interrupted, or the server may have ended it too early."""
        early = (Doubt.LENGTH, Doubt.UNKNOWN_REASON)
        return self.state in _RESUMABLE_STATES or any(doubt in early for doubt in self.doubts)


def with_tool_calls_reason(end: End) -> End:
    """`end` with the finish_reason "tool_calls" if tools were called under a normal one, as Gemini reports it.

    The stored answer then shows the tool calls too.
    """
    if end.tool_calls and end.finish_reason.casefold() in _NORMAL:
        return replace(end, finish_reason=TOOL_CALLS)
    return end


def describe_doubts(ending: Ending) -> list[Problem]:
    """A problem for each doubt."""
    return [_describe(doubt, ending) for doubt in ending.doubts]


def _describe(doubt: Doubt, ending: Ending) -> Problem:
    match doubt:
        case Doubt.LENGTH:
            return Problem(
                _("The answer was truncated by a length limit"),
                sentences(remedies.resume(), _("max_tokens in params of the model sets the limit.")),
            )
        case Doubt.CONTENT_FILTER:
            return Problem(_("The server's content filter ended the answer"), remedies.edit())
        case Doubt.TOOL_CALLS:
            return Problem(_("The model then called tools, which holytui does not support"), remedies.without_tools())
        case Doubt.UNKNOWN_REASON:
            reason = sanitize_line(ending.finish_reason)
            return Problem(
                _("The server ended the answer for an unknown reason: {reason}").format(reason=reason),
                sentences(_("It may not be complete."), remedies.resume(), remedies.ask_again()),
            )
        case Doubt.EMPTY:
            return Problem(_("The model sent an empty answer"), remedies.ask_again())
        case Doubt.REASONING_ONLY:
            return Problem(_("The model sent its reasoning, but no answer"), remedies.ask_again())
        case Doubt.SEAM:
            return Problem(
                _describe_seams(ending),
                sentences(
                    _("{Press:message.details} to see both sides."),
                    _("{Press:message.undo_seam} to put back what was cut away."),
                ),
            )
        case Doubt.BEGUN_AGAIN:
            return Problem(
                _("The answer started again; the interrupted one is kept as a variant"),
                _("{Press:message.variant} to see the other variant."),
            )


def _describe_seams(ending: Ending) -> str:
    """The seams, located by the words before the first."""
    before = sanitize_line(ending.text[: ending.seams[0]]).strip()
    excerpt = before if len(before) <= _EXCERPT else f"…{before[-_EXCERPT:].lstrip()}"
    text = ngettext(
        "The parts may not fit exactly at a seam, after “{excerpt}”",
        "The parts may not fit exactly at {count} seams, the first after “{excerpt}”",
        len(ending.seams),
    )
    return text.format(count=len(ending.seams), excerpt=excerpt)


def command_for(doubt: Doubt, conversation_id: str) -> str:
    """The command that shows both sides of `doubt`, for output without keys; empty if none does."""
    show = f"holytui history show --attempts {conversation_id}"
    match doubt:
        case Doubt.SEAM:
            return _("Both sides: {command}").format(command=show)
        case Doubt.BEGUN_AGAIN:
            return _("Both answers: {command}").format(command=show)
        case _:
            return ""
