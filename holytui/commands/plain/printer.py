"""Output of plain mode: append-only. Answers are written while they arrive, everything else in lines after `-- `.

There are no colours, no cursor movements and no changing lines, for screen readers, serial lines and logs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TextIO

from holytui import formatting as fmt
from holytui.commands.append_only import AppendOnlyAnswer
from holytui.commands.output import TextWriter, printable, write_text
from holytui.commands.plain.input import names
from holytui.engine import ending
from holytui.engine import events as ev
from holytui.engine.events import TurnEvent
from holytui.hints import sentences
from holytui.i18n import _, ngettext
from holytui.models import Join, Problem, Usage
from holytui.presentation.labels import cause
from holytui.presentation.progress import notice
from holytui.text import visible

NOTICE = "-- "
_PROMPT, _MORE = "> ", ". "


class PlainPrinter:
    """Writes to `out`, with a prompt for each line if `prompts`. `clock` is the engine's, in seconds."""

    def __init__(self, out: TextIO, *, prompts: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._answer = TextWriter(out)
        self._text_to_write = AppendOnlyAnswer()
        self._prompts = prompts
        self._clock = clock
        self._at_start = True
        self._prompted = False
        self._reported: set[str] = set()
        """States that were reported and still hold."""

    # -- output

    def text(self, text: str) -> None:
        """Write a part of an answer."""
        if text:
            self._answer.add(text)
            self._at_start, self._prompted = text.endswith("\n"), False

    def notice(self, text: str) -> None:
        """Write a notice on separate lines."""
        self.new_line()
        self._write("".join(f"{NOTICE}{line}\n" for line in visible(text).splitlines()))

    def question(self, text: str) -> None:
        """Write a question that the terminal does not show."""
        self.new_line()
        self._write("".join(f"{_PROMPT}{line}\n" for line in printable(text, self._out).removesuffix("\n").split("\n")))

    def problem(self, problem: Problem) -> None:
        """Write a problem and its remedy, with commands instead of keys."""
        hint = names().render(problem.hint)
        title = problem.title if problem.title.endswith((".", "!", "?")) else f"{problem.title}."
        self.notice(f"{title} {hint}".rstrip())

    def doubts(self, ended: ending.Ending, conversation_id: str) -> None:
        """Write the doubts about an answer, one notice each."""
        for doubt, problem in zip(ended.doubts, ending.describe_doubts(ended), strict=True):
            command = ending.command_for(doubt, conversation_id)
            self.problem(replace(problem, hint=sentences(problem.hint, command)))

    def new_line(self) -> None:
        """Begin a new line, unless already at the start of one."""
        if not self._at_start:
            self._write("\n")

    def _write(self, text: str) -> None:
        self._answer.end()
        write_text(text, self._out)
        self._at_start = text.endswith("\n")
        self._prompted = False

    # -- waiting for a line

    def prompt(self, *, more: bool = False) -> None:
        """Write the prompt; `more`: the line continues the one before."""
        if self._prompts and not self._prompted:
            self.new_line()
            self._write(_MORE if more else _PROMPT)
            self._prompted = True

    def typed(self) -> None:
        """Record a typed line.

        The terminal has echoed it after a prompt. In the middle of an answer the position of the cursor is unknown, and
        an additional empty line is harmless.
        """
        self._at_start = self._at_start or self._prompted
        self._prompted = False

    def interrupted(self) -> None:
        """Begin a new line after Ctrl+C: the terminal has shown `^C` and discarded the typed line."""
        if self._prompts:
            self._write("\n")

    # -- a turn

    def event(self, event: TurnEvent) -> None:
        """Write the text or notice of an event."""
        match event:
            case ev.Delta(text=text):
                self._reported -= {"quiet", "reasoning"}
                self._answered(self._text_to_write.add(text))
            case ev.Replaced(text=text):
                self._answered(self._text_to_write.replace(text))
            case ev.Ended():
                self._reported.clear()
                self._answered(self._text_to_write.end())
                self._text_to_write = AppendOnlyAnswer()
                self._ended(event)
            case _:
                self._state(event)

    def _answered(self, text: str) -> None:
        """Write a part of an answer; all of it if it started again."""
        if self._text_to_write.started_again:
            self._text_to_write.started_again = False
            self.notice(_("The answer started again; the new one follows. The old one is kept."))
        self.text(text)

    def _state(self, event: TurnEvent) -> None:  # noqa: C901 - one case per event
        match event:
            case ev.Queued():
                self.notice(_("Queued; it will be sent when the current answer has ended."))
            case ev.ParamsLeftOut() | ev.LimitNear() | ev.CostUnknown():
                words = notice(event)
                self.notice(f"{words[:1].upper()}{words[1:]}.")
            case ev.ImagesLeftOut(images=count):
                words = ngettext(
                    "{count} image is left out: this model does not accept images.",
                    "{count} images are left out: this model does not accept images.",
                    count,
                )
                self.notice(words.format(count=count))
            case ev.Waiting():
                self._reported.discard("offline")
                self.notice(_("Waiting for the answer."))
            case ev.Reasoning():
                self._once("reasoning", _("The model is reasoning."))
            case ev.Retrying():
                self._retrying(event)
            case ev.Offline(since=since, fault=fault):
                words = _(
                    "Offline since {clock} ({cause}). holytui continues by itself; /now tries at once, /stop gives up."
                )
                self._once("offline", words.format(clock=fmt.clock(since), cause=cause(fault)))
            case ev.Online(away=away):
                self._reported.discard("offline")
                self.notice(_("The connection is back after {time}.").format(time=fmt.seconds(away)))
            case ev.Refreshing():
                self.notice(_("The key was refused; asking its source for another."))
            case ev.Resuming(mode=mode, kept=kept):
                self._resuming(mode, kept)
            case ev.Joined(join=join):
                self._joined(join)
            case ev.Quiet(no_token=no_token):
                self._quiet(no_token)
            case ev.Slow(rate=rate):
                self._slow(rate)
            case ev.StoreTrouble(problem=problem) if problem is not None:
                self.problem(problem)
            case ev.StoreTrouble():
                self.notice(_("The history can be written again; nothing is missing."))

    def _once(self, state: str, words: str) -> None:
        if state not in self._reported:
            self._reported.add(state)
            self.notice(words)

    def _retrying(self, event: ev.Retrying) -> None:
        left = fmt.seconds(max(0.0, event.due - self._clock()))
        words = _("Retry {number} of {limit} in {time} ({cause}). /now tries at once, /stop gives up.")
        self.notice(words.format(number=event.number, limit=event.limit, time=left, cause=cause(event.fault)))

    def _resuming(self, mode: str, kept: int) -> None:
        self._reported.discard("offline")
        if mode == "restart":
            self.notice(_("Asking again; the text so far is kept."))
            return
        if mode == "reattach":
            words = ngettext(
                "Reattaching to the same answer after {kept} character.",
                "Reattaching to the same answer after {kept} characters.",
                kept,
            )
            self.notice(words.format(kept=kept))
            return
        words = ngettext("Resuming after {kept} character.", "Resuming after {kept} characters.", kept)
        self.notice(words.format(kept=kept))

    def _joined(self, join: Join) -> None:
        if join is Join.MARKED:
            self.notice(_("Resumed with a seam here: the parts may not fit exactly."))
        else:
            self.notice(_("Resumed, exactly where it was interrupted."))

    def _quiet(self, no_token: float) -> None:
        if no_token <= 0:
            self._reported.discard("quiet")
        else:
            self._once("quiet", _("No data for {time}; still waiting.").format(time=fmt.seconds(no_token)))

    def _slow(self, rate: float | None) -> None:
        if rate is None:
            self._reported.discard("slow")
        else:
            self._once("slow", _("The link is slow: {rate} bytes a second.").format(rate=int(rate)))

    # -- the end of a turn

    def _ended(self, event: ev.Ended) -> None:
        match event:
            case ev.Finished():
                end = _("The answer has ended.") if event.ending.doubts else _("Complete.")
                self.notice(" ".join([end, _counted(event)]).rstrip())
            case ev.Stopped():
                kept = _("Stopped; the text so far is kept. /continue continues it, /retry asks again.")
                self.notice(kept)
            case ev.Interrupted(problem=problem) | ev.Failed(problem=problem):
                self.problem(problem)


def _counted(event: ev.Ended) -> str:
    """Return the usage in words, as screen readers do not read symbols well."""
    if event.usage is None:
        return ""
    words = _tokens(event.usage).format(input=fmt.whole(event.usage.input), output=fmt.whole(event.usage.output))
    if event.attempts < 2:
        return words
    tried = ngettext("It took {count} request.", "It took {count} requests.", event.attempts)
    return f"{words} {tried.format(count=event.attempts)}"


def _tokens(usage: Usage) -> str:
    if usage.at_least:
        return _("At least {input} tokens in, {output} out.")
    if usage.estimated:
        return _("About {input} tokens in, {output} out.")
    return _("{input} tokens in, {output} out.")
