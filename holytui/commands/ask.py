"""`holytui ask`: one answer to stdout, notices to stderr, with the engine and recovery of the full screen.

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
import queue
import signal
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from enum import Enum, auto
from types import FrameType
from typing import TextIO

from holytui.attachments.files import Gathered, with_files
from holytui.bootstrap import Services, open_services
from holytui.commands import exit_status
from holytui.commands.append_only import AppendOnlyAnswer
from holytui.commands.attachments import read_files, require_vision
from holytui.commands.closing import closing_services
from holytui.commands.output import TextWriter, print_json, print_line, print_to_stderr, write_text
from holytui.config.effort import DEFAULT
from holytui.config.load import read_config
from holytui.engine import ending
from holytui.engine import events as ev
from holytui.engine.events import TurnEvent
from holytui.faults import Fault, FaultKind
from holytui.hints import KEYLESS, sentences
from holytui.i18n import _
from holytui.models import EFFORT_PARAM, Problem
from holytui.presentation.notice import Connection, Level
from holytui.presentation.progress import connection
from holytui.providers.resolve import resolve
from holytui.text import visible

OFFLINE_LIMIT = 65.0
"""Seconds that `ask` waits for an unreachable endpoint, unless `[stream] offline_limit` is set. A person can decide to
wait for ever, a script cannot."""

_ORPHANED = 3
"""Seconds after which an answer that no thread works on is given up."""

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


def run(options: argparse.Namespace) -> int:
    """Ask; return the exit status."""
    config, keys, problems = read_config(options.config)
    for problem in problems:
        print_to_stderr(problem)
    files = read_files(options.prompt, options.attach)
    question = _question(options.prompt)
    if not question.strip():
        print_to_stderr(_("no question given"))
        return exit_status.USAGE
    patience = options.timeout or config.stream.offline_limit or OFFLINE_LIMIT
    config = replace(config, stream=replace(config.stream, offline_limit=patience))
    # a question is answered even if the history is unavailable
    fall_back = options.conversation is None
    with closing_services(
        open_services(config, keys, problems, save=not options.no_save, fall_back=fall_back)
    ) as services:
        for problem in services.problems[len(problems) :]:
            print_to_stderr(problem)
        return _ask(services, question, files, options)


def _question(words: list[str]) -> str:
    """Join the words of the command line and the input from a pipe."""
    parts = [" ".join(words)] if words else []
    if not sys.stdin.isatty():
        parts.append(sys.stdin.buffer.read().decode("utf-8", "replace").strip("\n"))
    return "\n\n".join(part for part in parts if part)


def _ask(services: Services, question: str, files: Gathered, options: argparse.Namespace) -> int:
    require_vision(services, files, options.model, options.conversation)
    inbox: queue.SimpleQueue[TurnEvent] = queue.SimpleQueue()
    services.engine.listen(inbox.put)
    started = services.engine.ask(
        with_files(question, files.files),
        conversation_id=options.conversation,
        model=options.model,
        system=options.system,
        params=_params(services, options),
        over_limit=options.over_limit,
        images=files.images,
        image_data=files.image_data,
    )
    saved = not services.is_temporary
    conversation = started.conversation_id if saved else ""
    answer = services.history.message(started.answer_id)
    model = answer.model if answer is not None else ""
    out = AnswerPrinter(sys.stdout, sys.stderr, _form(options, saved=saved), conversation, model)
    with _stop_on_interrupt(services, started.turn_id):
        orphaned = 0
        while orphaned < _ORPHANED:
            try:
                event = inbox.get(timeout=1.0)
            except queue.Empty:
                orphaned = orphaned + 1 if started.answer_id not in services.engine.active() else 0
                continue
            if event.turn_id == started.turn_id:
                out.show(event)
                if isinstance(event, ev.Ended):
                    status = status_of(event)
                    return exit_status.DOUBT if out.broken_off and status == exit_status.OK else status
    # its thread died before it could report the end, as when memory is exhausted
    print_to_stderr(_("the answer ended without a reason; its text is in the history"))
    return exit_status.FAILED


def _params(services: Services, options: argparse.Namespace) -> dict[str, object]:
    """Return the request parameters that the options set. Raises ModelUnknown."""
    params = {name: value for option in options.option for name, value in option.items()}
    if options.max_tokens is not None:
        stored = services.history.conversation(options.conversation) if options.conversation else None
        model = options.model or (stored.model if stored is not None else "") or services.config.default_model
        preset = resolve(services.config, model).preset
        params[preset.limit_param if preset is not None else "max_tokens"] = options.max_tokens
    if options.effort is not None:
        params[EFFORT_PARAM] = None if options.effort == DEFAULT else options.effort
    return params


@contextmanager
def _stop_on_interrupt(services: Services, turn_id: str) -> Iterator[None]:
    """Stop the answer and keep its text on Ctrl+C, SIGTERM and SIGHUP."""

    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:  # the second signal does not wait until the text is saved
            raise KeyboardInterrupt
        stopping = True
        services.engine.stop(turn_id)

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, stop) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


class OutputForm(Enum):
    """How an answer is written to stdout (see the docstring of the module)."""

    TERMINAL = auto()
    PIPE = auto()
    """While it arrives, and nothing more once it starts again."""
    WHOLE = auto()
    """After it has ended."""
    JSON = auto()


def _form(options: argparse.Namespace, *, saved: bool) -> OutputForm:
    if options.json:
        return OutputForm.JSON
    if options.whole:
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

    def __init__(self, out: TextIO, notices: TextIO, form: OutputForm, conversation: str = "", model: str = "") -> None:
        self._out = out
        self._answer = TextWriter(out)
        self._notices = notices
        self._form = form
        self._conversation = conversation
        self._model = model
        self._last_notice = Connection(Level.BUSY, "")
        self._text_to_write = AppendOnlyAnswer()
        self.broken_off = False
        """The answer started again, and the output must not hold a second one."""
        self._ends_in_newline = True

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
        if self._form is OutputForm.JSON:
            whole = {"conversation": self._conversation or None, "model": self._model, "text": event.ending.text}
            self._line(_last_line(event, problem) | whole)
            return
        if self._form is OutputForm.WHOLE:
            self._text(event.ending.text)
        self._answer.end()
        if not self._ends_in_newline:
            write_text("\n", self._out)
        if problem is not None:
            self._print_notice(str(problem))
        for doubt, warning in zip(event.ending.doubts, ending.describe_doubts(event.ending), strict=True):
            command = ending.command_for(doubt, self._conversation) if self._conversation else ""
            self._print_notice(str(replace(warning, hint=sentences(warning.hint, command))))

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
