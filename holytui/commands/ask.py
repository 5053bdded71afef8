"""`holytui ask`: one answer to stdout, notices to stderr. The same engine as the screen's, with all of its recovery.

Recovery may begin an answer again: then a second answer takes the place of the first one, part of which may be
written already. Two answers one after the other would be read as one by whoever reads stdout, so:

- A terminal shows both, with a word in between: a person reads them.
- A pipe gets the answer as it comes, since its reader may be a pager, `tee` or an editor, to which the first words
  matter as they do to a person. Once an answer begins again nothing more is written: stdout holds the beginning of one
  answer, exit status 4 and stderr say that it is not the whole one, and stderr names the command that prints that.
- A file gets the answer when it has ended, as it then is: nobody reads along, and the right text is worth more. So
  does a pipe with `--no-save`, as there is no history from which the second answer could be taken, and any output
  with `--whole`, which is for `$(holytui ask --whole …)`. Signals that end `ask` in order still write what had come.
- `--json` tells `replaced`, and its reader knows what to do.
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
from holytui.commands import exits
from holytui.commands.attaching import need_sight, read_files
from holytui.commands.leaving import closing
from holytui.commands.output import TextWriter, complain, put, say, say_json
from holytui.commands.rejoin import Rejoin
from holytui.config.in_force import read_config
from holytui.engine import ending
from holytui.engine import events as ev
from holytui.engine.events import TurnEvent
from holytui.hints import KEYLESS, sentences
from holytui.i18n import _
from holytui.models import Problem
from holytui.presentation.notice import Connection, Level
from holytui.presentation.progress import connection
from holytui.text import visible

PATIENCE = 65.0
"""Seconds that `ask` waits for an endpoint that is gone, unless `[stream] offline_limit` says otherwise: a person
before a screen can decide to wait for ever, a script cannot."""

_LOST = 3
"""Seconds after which an answer that nobody works on any more is given up."""

_WORTH_A_WORD = (ev.Retrying, ev.Offline, ev.Online, ev.Resuming, ev.Refreshing, ev.StoreTrouble, ev.ImagesLeftOut)


def run(options: argparse.Namespace) -> int:
    """Ask; returns the exit status of the contract."""
    config, keys, problems = read_config(options.config)
    for problem in problems:
        complain(problem)
    found = read_files(options.prompt, options.attach)
    question = _question(options.prompt)
    if not question.strip():
        complain(_("no question was given"))
        return exits.USAGE
    patience = options.timeout or config.stream.offline_limit or PATIENCE
    config = replace(config, stream=replace(config.stream, offline_limit=patience))
    # a history that cannot be had is no reason to leave a question without an answer
    fall_back = options.conversation is None
    with closing(open_services(config, keys, problems, save=not options.no_save, fall_back=fall_back)) as services:
        for problem in services.problems[len(problems) :]:
            complain(problem)
        return _ask(services, question, found, options)


def _question(words: list[str]) -> str:
    """The words of the command line, then what is piped in."""
    parts = [" ".join(words)] if words else []
    if not sys.stdin.isatty():
        parts.append(sys.stdin.buffer.read().decode("utf-8", "replace").strip("\n"))
    return "\n\n".join(part for part in parts if part)


def _ask(services: Services, question: str, found: Gathered, options: argparse.Namespace) -> int:
    need_sight(services, found, options.model, options.conversation)
    inbox: queue.SimpleQueue[TurnEvent] = queue.SimpleQueue()
    services.engine.listen(inbox.put)
    started = services.engine.ask(
        with_files(question, found.files),
        conversation_id=options.conversation,
        model=options.model,
        system=options.system,
        params={name: value for each in options.option for name, value in each.items()},
        images=found.images,
        image_data=found.image_data,
    )
    saved = not services.is_temporary
    conversation = started.conversation_id if saved else ""
    answer = services.history.message(started.answer_id)
    model = answer.model if answer is not None else ""
    out = Printer(sys.stdout, sys.stderr, _form(options, saved=saved), conversation, model)
    with _stop_on_interrupt(services, started.turn_id):
        lost = 0
        while lost < _LOST:
            try:
                event = inbox.get(timeout=1.0)
            except queue.Empty:
                lost = lost + 1 if started.answer_id not in services.engine.active() else 0
                continue
            if event.turn_id == started.turn_id:
                out.show(event)
                if isinstance(event, ev.Ended):
                    status = status_of(event)
                    return exits.DOUBT if out.broken_off and status == exits.OK else status
    # nobody is left who could tell the end: its thread died, as it does where no memory is left for anything
    complain(_("the answer ended without a reason; its text is in the history"))
    return exits.FAILED


@contextmanager
def _stop_on_interrupt(services: Services, turn_id: str) -> Iterator[None]:
    """Ctrl+C stops the answer and keeps its text; so do SIGTERM and a hang-up."""

    asked = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:  # whoever asks twice does not want to wait for the text to be kept in order
            raise KeyboardInterrupt
        asked = True
        services.engine.stop(turn_id)

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, stop) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


class Form(Enum):
    """How an answer is written to stdout (see the top of this file)."""

    TERMINAL = auto()
    PIPE = auto()
    """As it comes, and nothing more once it begins again."""
    WHOLE = auto()
    """When it has ended."""
    JSON = auto()


def _form(options: argparse.Namespace, *, saved: bool) -> Form:
    if options.json:
        return Form.JSON
    if options.whole:
        return Form.WHOLE
    if sys.stdout.isatty():
        return Form.TERMINAL
    return Form.WHOLE if _is_file(sys.stdout) or not saved else Form.PIPE


def _is_file(out: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(out.fileno()).st_mode)
    except OSError:  # it has no descriptor
        return False


class Printer:
    """Writes events as text or JSON lines: the answer to one stream, notices to the other.

    `conversation` is the id under which the history keeps the answer; empty if it keeps none. `model` is who answers.
    """

    def __init__(self, out: TextIO, notices: TextIO, form: Form, conversation: str = "", model: str = "") -> None:
        self._out = out
        self._answer = TextWriter(out)
        self._notices = notices
        self._form = form
        self._conversation = conversation
        self._model = model
        self._said = Connection(Level.BUSY, "")
        self._rejoin = Rejoin()
        self.broken_off = False
        """The answer began again where it must not be written once more."""
        self._ends_in_newline = True

    def show(self, event: TurnEvent) -> None:
        """Write what there is to be said of one event."""
        match event:
            case ev.Delta(text=text) if self._form is Form.JSON:
                self._line({"event": "delta", "text": text})
            case ev.Reasoning(text=text) if self._form is Form.JSON:
                self._line({"event": "reasoning", "text": text})
            case ev.Delta(text=text) if self._form is not Form.WHOLE:
                self._text(text)
            case ev.Replaced(text=text):
                self._replaced(text)
            case ev.Ended():
                self._ended(event)
            case _:
                self._notice(event)

    def _text(self, text: str) -> None:
        self._put(self._rejoin.add(text))

    def _put(self, text: str) -> None:
        """Write what `_rejoin` says; it is a new answer if the old one could not be met."""
        if self._rejoin.started_again:
            self._rejoin.started_again = False
            if self._form is Form.TERMINAL:
                self._say(_("the answer started again; the new one follows"))
                text = "\n\n" + text
            elif not self.broken_off:
                self._say(_("the answer started again; the output ends with the text of the cut one"))
                self.broken_off = True
        if text and not self.broken_off:
            self._answer.add(text)
            self._ends_in_newline = text.endswith("\n")

    def _replaced(self, text: str) -> None:
        """The answer goes on after `text`, or began again: what is written cannot be taken back."""
        self._answer.end()
        if self._form is Form.JSON:
            self._line({"event": "replaced", "text": text})
        elif self._form is not Form.WHOLE:
            self._put(self._rejoin.replace(text))

    def _say(self, words: str) -> None:
        say(f"holytui: {visible(words)}", self._notices)

    def _notice(self, event: TurnEvent) -> None:
        """States that are worth a word: waits, offline, back, resuming, a refused key, images left out."""
        if not isinstance(event, _WORTH_A_WORD):
            return
        now = time.monotonic()
        words = connection(event, now, self._said).words(now)
        if self._form is Form.JSON:
            self._line({"event": type(event).__name__.lower(), "text": words})
        elif words != self._said.text:
            self._said = Connection(Level.BUSY, words)
            self._say(words)

    def _ended(self, event: ev.Ended) -> None:
        self._put(self._rejoin.end())
        if self.broken_off and not event.ending.begun_again:
            event = replace(event, ending=replace(event.ending, begun_again=True))
        problem: Problem | None = getattr(event, "problem", None)
        if problem is not None:
            problem = replace(problem, hint=KEYLESS.render(problem.hint))
        if self._form is Form.JSON:
            whole = {"conversation": self._conversation or None, "model": self._model, "text": event.ending.text}
            self._line(_last_line(event, problem) | whole)
            return
        if self._form is Form.WHOLE:
            self._text(event.ending.text)
        self._answer.end()
        if not self._ends_in_newline:
            put("\n", self._out)
        if problem is not None:
            self._say(str(problem))
        for doubt, told in zip(event.ending.doubts, ending.describe_doubts(event.ending), strict=True):
            command = ending.command_for(doubt, self._conversation) if self._conversation else ""
            self._say(str(replace(told, hint=sentences(told.hint, command))))

    def _line(self, value: dict[str, object]) -> None:
        say_json(value, self._out)


def _last_line(event: ev.Ended, problem: Problem | None) -> dict[str, object]:
    """What `--json` tells of an answer's end."""
    ended = event.ending
    line: dict[str, object] = {"event": type(event).__name__.lower(), "attempts": event.attempts}
    line["usage"] = asdict(event.usage) if event.usage is not None else None
    line |= {"state": ended.state.value, "finish_reason": ended.finish_reason}
    line |= {"seams": list(ended.seams), "doubts": [doubt.value for doubt in ended.doubts]}
    if problem is not None:
        line["error"] = {"title": problem.title, "hint": problem.hint}
    return line


def status_of(event: ev.Ended) -> int:
    """The exit status for an answer's last event."""
    match event:
        case ev.Finished():
            return exits.DOUBT if event.ending.doubts else exits.OK
        case ev.Stopped():
            return exits.STOPPED
        case ev.Interrupted():
            return exits.INTERRUPTED
        case _:
            return exits.FAILED
