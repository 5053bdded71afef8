"""Output of `holytui ask`: the answer to stdout, notices to stderr.

Recovery may start an answer again after part of the first one was written. A program that reads stdout would take the
two for one answer, so:

- A terminal shows both, with a notice in between.
- A pipe gets the answer while it arrives, for readers such as a pager, `tee` or an editor. When the answer starts again
  nothing more is written: stdout holds the beginning of one answer, exit status 4 and stderr say that it is
  incomplete, and stderr names the command that prints all of it.
- A file gets the final answer when it has ended. So does a pipe with `--no-save`, since no history holds the second
  answer, and any output with `--whole`, meant for `$(holytui ask --whole …)`. Signals that stop `ask` still write the
  text so far.
- `--json` reports `replaced` events.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
import time
from dataclasses import asdict, replace
from enum import Enum, auto
from typing import TextIO

from holytui.commands import exit_status
from holytui.commands.append_only import AppendOnlyAnswer
from holytui.commands.ask.schema import AnswerSchema, CheckedAnswer
from holytui.commands.output import TextWriter, print_json, print_line, write_text
from holytui.engine import ending
from holytui.engine import events as ev
from holytui.engine.events import TurnEvent
from holytui.faults import Fault, FaultKind
from holytui.hints import KEYLESS, sentences
from holytui.i18n import _
from holytui.models import Problem
from holytui.presentation.notice import Connection, Level
from holytui.presentation.progress import connection
from holytui.text import visible

_REPORTED = (
    ev.Retrying,
    ev.Offline,
    ev.Online,
    ev.Resuming,
    ev.Refreshing,
    ev.StoreTrouble,
    ev.ImagesLeftOut,
    ev.ParamsLeftOut,
    ev.LimitNear,
    ev.CostUnknown,
)


class OutputForm(Enum):
    """How an answer is written to stdout (see the docstring of the module)."""

    TERMINAL = auto()
    PIPE = auto()
    """While it arrives, and nothing more once it starts again."""
    WHOLE = auto()
    """After it has ended."""
    JSON = auto()


def form_of(options: argparse.Namespace, *, saved: bool) -> OutputForm:
    if options.json:
        return OutputForm.JSON
    if options.whole or options.schema:
        return OutputForm.WHOLE
    if sys.stdout.isatty():
        return OutputForm.TERMINAL
    return OutputForm.WHOLE if _is_file(sys.stdout) or not saved else OutputForm.PIPE


def _is_file(out: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(out.fileno()).st_mode)
    except OSError:  # no file descriptor
        return False


class AnswerPrinter:
    """Writes events as text or JSON lines: the answer to one stream, notices to the other.

    `conversation` is the id of the conversation in the history, empty without a history; `model` is the model's name.
    """

    def __init__(
        self,
        out: TextIO,
        notices: TextIO,
        form: OutputForm,
        conversation: str = "",
        model: str = "",
        schema: AnswerSchema | None = None,
    ) -> None:
        """A complete answer is compared with `schema`; of one that does not match it, only the last is written."""
        self._out = out
        self._answer = TextWriter(out)
        self._notices = notices
        self._form = form
        self._conversation = conversation
        self._model = model
        self._schema = schema
        self._checked: CheckedAnswer | None = None
        self._may_repeat = schema is not None
        self._last_notice = Connection(Level.BUSY, "")
        self._text_to_write = AppendOnlyAnswer()
        self.broken_off = False
        """The answer started again, and the output must not hold a second one."""
        self._ends_in_newline = True

    @property
    def mismatch(self) -> str:
        """Why the complete answer does not match the schema; empty if it does."""
        return self._checked.error if self._checked is not None else ""

    def repeated(self) -> None:
        """Expect the second and last answer to the question."""
        self._checked, self._may_repeat = None, False

    def show(self, event: TurnEvent) -> None:
        """Write the text or notice of an event."""
        match event:
            case ev.Delta(text=text) if self._form is OutputForm.JSON:
                self._line({"event": "delta", "text": text})
            case ev.Reasoning(text=text) if self._form is OutputForm.JSON:
                self._line({"event": "reasoning", "text": text})
            case ev.Delta(text=text) if self._form is not OutputForm.WHOLE:
                self._text(text)
            case ev.Replaced(text=text):
                self._replaced(text)
            case ev.Ended():
                self._ended(event)
            case _:
                self._notice(event)

    def _text(self, text: str) -> None:
        self._put(self._text_to_write.add(text))

    def _put(self, text: str) -> None:
        """Write the text that `_text_to_write` returned, which may begin another answer."""
        if self._text_to_write.started_again:
            self._text_to_write.started_again = False
            if self._form is OutputForm.TERMINAL:
                self._print_notice(_("the answer started again; the new one follows"))
                text = "\n\n" + text
            elif not self.broken_off:
                self._print_notice(_("the answer started again; the output ends with the text of the interrupted one"))
                self.broken_off = True
        if text and not self.broken_off:
            self._answer.add(text)
            self._ends_in_newline = text.endswith("\n")

    def _replaced(self, text: str) -> None:
        """Handle an answer that continues after `text`, or started again; written text cannot be withdrawn."""
        self._answer.end()
        if self._form is OutputForm.JSON:
            self._line({"event": "replaced", "text": text})
        elif self._form is not OutputForm.WHOLE:
            self._put(self._text_to_write.replace(text))

    def _print_notice(self, words: str) -> None:
        print_line(f"holytui: {visible(words)}", self._notices)

    def _notice(self, event: TurnEvent) -> None:
        """Report waits, lost and restored connections, continuations, refused keys and omitted images."""
        if not isinstance(event, _REPORTED):
            return
        now = time.monotonic()
        words = connection(event, now, self._last_notice).words(now)
        if self._form is OutputForm.JSON:
            self._line({"event": type(event).__name__.lower(), "text": words})
        elif words != self._last_notice.text:
            self._last_notice = Connection(Level.BUSY, words)
            self._print_notice(words)

    def _ended(self, event: ev.Ended) -> None:
        self._put(self._text_to_write.end())
        if self.broken_off and not event.ending.begun_again:
            event = replace(event, ending=replace(event.ending, begun_again=True))
        problem: Problem | None = getattr(event, "problem", None)
        if problem is not None:
            advice = _("--over-limit sends it anyway.") if status_of(event) == exit_status.LIMIT else ""
            problem = replace(problem, hint=sentences(KEYLESS.render(problem.hint), advice))
        if self._schema is not None and isinstance(event, ev.Finished):
            self._checked = self._schema.check(event.ending.text)
        if self._form is OutputForm.JSON:
            answer = {"conversation": self._conversation or None, "model": self._model, "text": event.ending.text}
            self._line(_last_line(event, problem) | answer | self._schema_fields())
            return
        if self.mismatch:
            self._print_mismatch()
            if self._may_repeat:
                return
        if self._form is OutputForm.WHOLE:
            checked = self._checked
            self._text(event.ending.text if checked is None or checked.error else checked.json_text)
        self._answer.end()
        if not self._ends_in_newline:
            write_text("\n", self._out)
        if problem is not None:
            self._print_notice(str(problem))
        for doubt, warning in zip(event.ending.doubts, ending.describe_doubts(event.ending), strict=True):
            command = ending.command_for(doubt, self._conversation) if self._conversation else ""
            self._print_notice(str(replace(warning, hint=sentences(warning.hint, command))))

    def _print_mismatch(self) -> None:
        again = _("the answer does not match the schema, and is asked for once more: {reason}")
        last = _("the second answer does not match the schema either: {reason}")
        self._print_notice((again if self._may_repeat else last).format(reason=self.mismatch))

    def _schema_fields(self) -> dict[str, object]:
        """Return the fields of the last line of `--json` about the schema."""
        if self._checked is None:
            return {}
        return {
            "valid": not self._checked.error,
            "data": self._checked.data,
            "schema_error": self._checked.error or None,
        }

    def _line(self, value: dict[str, object]) -> None:
        print_json(value, self._out)


def _last_line(event: ev.Ended, problem: Problem | None) -> dict[str, object]:
    """Return the last line of `--json`."""
    ended = event.ending
    line: dict[str, object] = {"event": type(event).__name__.lower(), "attempts": event.attempts}
    line["usage"] = asdict(event.usage) if event.usage is not None else None
    line |= {"state": ended.state.value, "finish_reason": ended.finish_reason}
    line |= {"seams": list(ended.seams), "doubts": [doubt.value for doubt in ended.doubts]}
    if problem is not None:
        line["error"] = {"title": problem.title, "hint": problem.hint}
    return line


def status_of(event: ev.Ended) -> int:
    """Return the exit status for the last event of an answer."""
    match event:
        case ev.Finished():
            return exit_status.DOUBT if event.ending.doubts else exit_status.OK
        case ev.Stopped():
            return exit_status.STOPPED
        case ev.Interrupted(attempts=0, problem=Problem(fault=Fault(kind=FaultKind.LIMIT))):
            return exit_status.LIMIT
        case ev.Interrupted():
            return exit_status.INTERRUPTED
        case _:
            return exit_status.FAILED
