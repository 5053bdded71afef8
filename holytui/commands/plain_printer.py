"""Plain mode's output: text is only ever added at the end. Answers as they come, everything else in lines with `-- `.

There is no colour, no movement of the cursor and no line that changes: what a screen reader, a serial line and a log
can do with.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TextIO

from holytui import formatting as fmt
from holytui.commands.output import TextWriter, put, shown
from holytui.commands.plain_input import names
from holytui.commands.rejoin import Rejoin
from holytui.engine import ending
from holytui.engine import events as ev
from holytui.engine.events import TurnEvent
from holytui.hints import sentences
from holytui.i18n import _, ngettext
from holytui.models import Join, Problem, Usage
from holytui.presentation.labels import cause
from holytui.text import visible

NOTICE = "-- "
_PROMPT, _MORE = "> ", ". "


class Printer:
    """Writes to `out`. With `prompts` it says when it waits for a line. `clock` is the engine's, in seconds."""

    def __init__(self, out: TextIO, *, prompts: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._answer = TextWriter(out)
        self._rejoin = Rejoin()
        self._prompts = prompts
        self._clock = clock
        self._at_start = True
        self._prompted = False
        self._said: set[str] = set()
        """States that are told already and not over yet."""

    # -- anything

    def text(self, text: str) -> None:
        """Some of an answer."""
        if text:
            self._answer.add(text)
            self._at_start, self._prompted = text.endswith("\n"), False

    def notice(self, text: str) -> None:
        """Something that is no answer, on lines of its own."""
        self.new_line()
        self._write("".join(f"{NOTICE}{line}\n" for line in visible(text).splitlines()))

    def question(self, text: str) -> None:
        """A question that the reader may not have before their eyes."""
        self.new_line()
        self._write("".join(f"{_PROMPT}{line}\n" for line in shown(text, self._out).removesuffix("\n").split("\n")))

    def problem(self, problem: Problem) -> None:
        """What went wrong and what helps, with commands in place of the screen's keys."""
        hint = names().render(problem.hint)
        title = problem.title if problem.title.endswith((".", "!", "?")) else f"{problem.title}."
        self.notice(f"{title} {hint}".rstrip())

    def doubts(self, ended: ending.Ending, conversation_id: str) -> None:
        """What is doubtful about an answer, each in a notice."""
        for doubt, problem in zip(ended.doubts, ending.describe_doubts(ended), strict=True):
            command = ending.command_for(doubt, conversation_id)
            self.problem(replace(problem, hint=sentences(problem.hint, command)))

    def new_line(self) -> None:
        """Be at the start of a line."""
        if not self._at_start:
            self._write("\n")

    def _write(self, text: str) -> None:
        self._answer.end()
        put(text, self._out)
        self._at_start = text.endswith("\n")
        self._prompted = False

    # -- waiting for a line

    def prompt(self, *, more: bool = False) -> None:
        """A line is waited for; `more`: it goes on with the one before."""
        if self._prompts and not self._prompted:
            self.new_line()
            self._write(_MORE if more else _PROMPT)
            self._prompted = True

    def typed(self) -> None:
        """A line was typed. After a prompt the terminal has shown it with its end; in the middle of an answer nobody
        knows where the cursor is by now, and an empty line more does no harm."""
        self._at_start = self._at_start or self._prompted
        self._prompted = False

    def interrupted(self) -> None:
        """The terminal has shown `^C`, wherever it stood, and has thrown away what was being typed."""
        if self._prompts:
            self._write("\n")

    # -- a turn

    def event(self, event: TurnEvent) -> None:
        """What one event has to say."""
        match event:
            case ev.Delta(text=text):
                self._said -= {"quiet", "reasoning"}
                self._answered(self._rejoin.add(text))
            case ev.Replaced(text=text):
                self._answered(self._rejoin.replace(text))
            case ev.Ended():
                self._said.clear()
                self._answered(self._rejoin.end())
                self._rejoin = Rejoin()
                self._ended(event)
            case _:
                self._state(event)

    def _answered(self, text: str) -> None:
        """Write some of an answer: the whole of it again if it is another one than was written."""
        if self._rejoin.started_again:
            self._rejoin.started_again = False
            self.notice(_("The answer started again; the new one follows. The old one is kept."))
        self.text(text)

    def _state(self, event: TurnEvent) -> None:  # noqa: C901 - one case an event
        match event:
            case ev.Queued():
                self.notice(_("Queued: it is sent when the current answer has ended."))
            case ev.ImagesLeftOut(images=count):
                words = ngettext(
                    "{count} image is left out: this model sees none.",
                    "{count} images are left out: this model sees none.",
                    count,
                )
                self.notice(words.format(count=count))
            case ev.Waiting():
                self._said.discard("offline")
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
                self._said.discard("offline")
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
        if state not in self._said:
            self._said.add(state)
            self.notice(words)

    def _retrying(self, event: ev.Retrying) -> None:
        left = fmt.seconds(max(0.0, event.due - self._clock()))
        words = _("Retry {number} of {limit} in {time} ({cause}). /now tries at once, /stop gives up.")
        self.notice(words.format(number=event.number, limit=event.limit, time=left, cause=cause(event.fault)))

    def _resuming(self, mode: str, kept: int) -> None:
        self._said.discard("offline")
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
            self.notice(_("Resumed, exactly where it was cut."))

    def _quiet(self, no_token: float) -> None:
        if no_token <= 0:
            self._said.discard("quiet")
        else:
            self._once("quiet", _("No data for {time}; still waiting.").format(time=fmt.seconds(no_token)))

    def _slow(self, rate: float | None) -> None:
        if rate is None:
            self._said.discard("slow")
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
    """The usage in words, as arrows and signs are not read out well."""
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
