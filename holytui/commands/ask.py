"""`holytui ask`: one answer to stdout, notices to stderr. The same engine as the screen's, with all of its recovery."""

from __future__ import annotations

import argparse
import queue
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from types import FrameType
from typing import TextIO

from holytui.commands import exits
from holytui.commands.output import TextWriter, complain, json_line, say
from holytui.config.in_force import read_config
from holytui.engine import events as ev
from holytui.engine.events import TurnEvent
from holytui.engine.hints import without_keys
from holytui.engine.services import Services, open_services
from holytui.i18n import _
from holytui.models import Problem
from holytui.text import visible
from holytui.ui.connection import Connection, Level
from holytui.ui.progress import connection

PATIENCE = 65.0
"""Seconds that `ask` waits for an endpoint that is gone, unless `[stream] offline_limit` says otherwise: a person
before a screen can decide to wait for ever, a script cannot."""

_LOST = 3
"""Seconds after which an answer that nobody works on any more is given up."""

_WORTH_A_WORD = (ev.Retrying, ev.Offline, ev.Online, ev.Resuming, ev.Refreshing, ev.StoreTrouble, ev.LeftOut)


def run(options: argparse.Namespace) -> int:
    """Ask; returns the exit status of the contract."""
    config, keys, problems = read_config(options.config)
    for problem in problems:
        complain(problem)
    question = _question(options.prompt)
    if not question.strip():
        print(_("holytui ask: no question was given"), file=sys.stderr)
        return exits.USAGE
    config = replace(config, stream=replace(config.stream, offline_limit=config.stream.offline_limit or PATIENCE))
    # a history that cannot be had is no reason to leave a question without an answer
    fall_back = options.conversation is None
    with open_services(config, keys, problems, save=not options.no_save, fall_back=fall_back) as services:
        for problem in services.problems[len(problems) :]:
            complain(problem)
        return _ask(services, question, options)


def _question(words: list[str]) -> str:
    """The words of the command line, then what is piped in."""
    parts = [" ".join(words)] if words else []
    if not sys.stdin.isatty():
        parts.append(sys.stdin.buffer.read().decode("utf-8", "replace").strip("\n"))
    return "\n\n".join(part for part in parts if part)


def _ask(services: Services, question: str, options: argparse.Namespace) -> int:
    inbox: queue.SimpleQueue[TurnEvent] = queue.SimpleQueue()
    services.engine.listen(inbox.put)
    started = services.engine.ask(
        question, conversation_id=options.conversation, model=options.model, system=options.system
    )
    out = Printer(sys.stdout, sys.stderr, as_json=options.json)
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
                    return status_of(event)
    # nobody is left who could tell the end: its thread died, as it does where no memory is left for anything
    print(_("holytui: the answer ended without a word; what came of it is in the history"), file=sys.stderr)
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


class Printer:
    """Writes events as text or JSON lines: the answer to one stream, notices to the other."""

    def __init__(self, out: TextIO, notices: TextIO, *, as_json: bool) -> None:
        self._out = out
        self._answer = TextWriter(out)
        self._notices = notices
        self._json = as_json
        self._said = Connection(Level.BUSY, "")
        self._ends_in_newline = True

    def show(self, event: TurnEvent) -> None:
        """Write what there is to be said of one event."""
        match event:
            case ev.Delta(text=text):
                self._text("delta", text)
            case ev.Reasoning(text=text) if self._json:
                self._text("reasoning", text)
            case ev.Replaced(text=text):
                self._replaced(text)
            case ev.Ended():
                self._ended(event)
            case _:
                self._notice(event)

    def _text(self, kind: str, text: str) -> None:
        if self._json:
            self._line({"event": kind, "text": text})
        elif text:
            self._answer.write(text)
            self._ends_in_newline = text.endswith("\n")

    def _replaced(self, text: str) -> None:
        """The answer began again: what is printed cannot be taken back, so say so and print the new one whole."""
        if self._json:
            self._line({"event": "replaced", "text": text})
            return
        self._answer.end()
        print(_("holytui: the answer began again; the new one follows from its start"), file=self._notices, flush=True)
        self._text("delta", "\n\n" + text)

    def _notice(self, event: TurnEvent) -> None:
        """States that are worth a word: waits, offline, back, resuming, a refused key, images left out."""
        if not isinstance(event, _WORTH_A_WORD):
            return
        now = time.monotonic()
        words = connection(event, now, self._said).words(now)
        if self._json:
            self._line({"event": type(event).__name__.lower(), "text": words})
        elif words != self._said.text:
            self._said = Connection(Level.BUSY, words)
            say(f"holytui: {visible(words)}", self._notices)

    def _ended(self, event: ev.Ended) -> None:
        name = type(event).__name__.lower()
        problem: Problem | None = getattr(event, "problem", None)
        if problem is not None:  # there are no keys to press here
            problem = replace(problem, hint=without_keys(problem.hint))
        if self._json:
            line: dict[str, object] = {"event": name, "attempts": event.attempts}
            line["usage"] = asdict(event.usage) if event.usage is not None else None
            if isinstance(event, ev.Finished):
                line["finish_reason"] = event.finish_reason
            if problem is not None:
                line["error"] = {"title": problem.title, "hint": problem.hint}
            self._line(line)
            return
        self._answer.end()
        if not self._ends_in_newline:
            self._out.write("\n")
            self._out.flush()
        if problem is not None:
            say(f"holytui: {visible(str(problem))}", self._notices)

    def _line(self, value: dict[str, object]) -> None:
        self._out.write(json_line(value, self._out))
        self._out.flush()


def status_of(event: ev.Ended) -> int:
    """The exit status for an answer's last event."""
    match event:
        case ev.Finished():
            return exits.OK
        case ev.Stopped():
            return exits.STOPPED
        case ev.Interrupted():
            return exits.INTERRUPTED
        case _:
            return exits.FAILED
