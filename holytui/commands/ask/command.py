"""`holytui ask`: one answer without a screen, with the engine and recovery of the full screen."""

from __future__ import annotations

import argparse
import queue
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import FrameType

from holytui.attachments.files import Gathered, with_files
from holytui.bootstrap import Services, open_services
from holytui.commands import exit_status
from holytui.commands.ask.printer import AnswerPrinter, form_of, status_of
from holytui.commands.ask.schema import AnswerSchema
from holytui.commands.attachments import read_files, require_vision
from holytui.commands.closing import closing_services
from holytui.commands.output import print_to_stderr
from holytui.config.effort import DEFAULT
from holytui.config.load import read_config
from holytui.config.templates import fill
from holytui.engine import events as ev
from holytui.engine.events import TurnEvent
from holytui.engine.runtime.scheduler import StartedTurn
from holytui.i18n import _
from holytui.models import EFFORT_PARAM
from holytui.providers.resolve import resolve

OFFLINE_LIMIT = 65.0
"""Seconds that `ask` waits for an unreachable endpoint, unless `[stream] offline_limit` is set. A person can decide to
wait for ever, a script cannot."""

_ORPHANED = 3
"""Seconds after which an answer that no thread works on is given up."""


def run(options: argparse.Namespace) -> int:
    """Ask; return the exit status."""
    config, keys, problems = read_config(options.config)
    for problem in problems:
        print_to_stderr(problem)
    if config.blocked and options.model is None and options.conversation is None:
        # the guide's answer, with status 0, would pass for the model's in a script
        print_to_stderr(_("not asked: the configuration cannot be read, so its model is unknown"))
        return exit_status.USAGE
    schema = AnswerSchema.read(options.schema) if options.schema is not None else None
    words = options.prompt
    if options.template is not None:
        filled = fill(config.prompts, options.template, words)
        words = [part for part in (filled.render(), filled.rest) if part]
    files = read_files(options.prompt, options.attach)
    for line in files.left_out:
        print_to_stderr(line)
    question = _question(words, separator="\n\n" if options.template is not None else " ")
    if not question.strip():
        print_to_stderr(_("no question given"))
        return exit_status.USAGE
    patience = options.timeout or config.stream.offline_limit or OFFLINE_LIMIT
    config = replace(config, stream=replace(config.stream, offline_limit=patience))
    # a question is answered even if the history is unavailable
    if options.continue_last:
        options.conversation = "last"
    fall_back = options.conversation is None
    with closing_services(
        open_services(config, keys, problems, save=not options.no_save, fall_back=fall_back)
    ) as services:
        for problem in services.problems[len(problems) :]:
            print_to_stderr(problem)
        return _ask(services, question, files, options, schema)


def _question(words: Sequence[str], separator: str) -> str:
    """Join the words of the command line and the input from a pipe."""
    parts = [separator.join(words)] if words else []
    if not sys.stdin.isatty():
        parts.append(sys.stdin.buffer.read().decode("utf-8", "replace").strip("\n"))
    return "\n\n".join(part for part in parts if part)


def _ask(
    services: Services, question: str, files: Gathered, options: argparse.Namespace, schema: AnswerSchema | None
) -> int:
    require_vision(services, files, options.model, options.conversation)
    inbox: queue.SimpleQueue[TurnEvent] = queue.SimpleQueue()
    services.engine.listen(inbox.put)
    asking = partial(
        services.engine.ask,
        model=options.model,
        system=options.system,
        params=_params(services, options),
        over_limit=options.over_limit,
        answer_schema=schema.schema if schema is not None else None,
    )
    started = asking(
        with_files(question, files.files),
        conversation_id=options.conversation,
        images=files.images,
        image_data=files.image_data,
    )
    saved = not services.is_temporary
    conversation = started.conversation_id if saved else ""
    answer = services.history.message(started.answer_id)
    model = answer.model if answer is not None else ""
    out = AnswerPrinter(sys.stdout, sys.stderr, form_of(options, saved=saved), conversation, model, schema)
    status = _receive(services, started, inbox, out)
    if schema is None or not out.mismatch:
        return status
    repeated = schema.repeated_question(out.mismatch)
    out.repeated()
    started = asking(repeated, conversation_id=started.conversation_id)
    status = _receive(services, started, inbox, out)
    return exit_status.INVALID if out.mismatch else status


def _receive(services: Services, started: StartedTurn, inbox: queue.SimpleQueue[TurnEvent], out: AnswerPrinter) -> int:
    """Print an answer until its last event; return the exit status."""
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
