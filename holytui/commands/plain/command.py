"""`holytui --plain`: chat in plain lines, for screen readers, simple terminals, serial lines and logs."""

from __future__ import annotations

import argparse
import os
import queue
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from holytui import paths
from holytui.bootstrap import open_services
from holytui.commands.ask.command import OFFLINE_LIMIT
from holytui.commands.attachments import existing_files
from holytui.commands.closing import closing_services
from holytui.commands.output import send_sequence
from holytui.commands.plain.input import COMMANDS_FOR_KEYS, LineReader
from holytui.commands.plain.printer import PlainPrinter
from holytui.commands.plain.session import PlainSession, SessionEvent, SignalReceived
from holytui.config.load import read_config
from holytui.config.schema import Config
from holytui.i18n import _
from holytui.models import ModelRef
from holytui.store.memory_folder import make_memory_folder
from holytui.terminal.clipboard import copy_text

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(options: argparse.Namespace) -> int:
    """Chat; return the exit status: 0 after a person quits, that of the last answer after the end of the input."""
    config, keys, problems = read_config(options.config)
    interactive = sys.stdin.isatty()
    if not interactive:
        # no person decides how long to wait
        stream = config.stream
        config = replace(config, stream=replace(stream, offline_limit=stream.offline_limit or OFFLINE_LIMIT))
    for output in (sys.stdout, sys.stderr):
        output.reconfigure(errors="replace")  # type: ignore[union-attr]  # they are text files
    inbox: queue.SimpleQueue[SessionEvent] = queue.SimpleQueue()
    folder = make_memory_folder(os.environ) if options.no_save else None
    opened = open_services(
        config,
        keys,
        problems,
        shown_keys=COMMANDS_FOR_KEYS,
        save=folder is None,
        folder=folder,
        fall_back=True,
        share=True,
    )
    if not opened.saving:
        opened = replace(opened, problems=(*opened.problems, _("nothing of this chat is saved")))
    with closing_services(opened) as services, _signals(inbox.put):
        printer = PlainPrinter(sys.stdout, prompts=interactive)
        reader = LineReader(0, inbox.put)
        model = options.model or ""
        session = PlainSession(
            services,
            printer,
            inbox,
            copy if opened.saving else copy_without_file,
            interactive=interactive,
            model=model,
            discard=reader.discard,
            connect=lambda: _connect(reader, options.config),
        )
        reader.start()
        try:
            return session.run(options.conversation or "", " ".join(options.prompt), existing_files(options.prompt))
        except BrokenPipeError:
            raise  # a closed pipe is handled in `cli`
        except OSError:
            _detach_terminal()
            return session.terminate(signal.SIGHUP)


def _connect(reader: LineReader, file: Path | None) -> tuple[Config, ModelRef] | None:
    """Ask for a provider while the reader is paused. Raises HolytuiError, KeyboardInterrupt."""
    from holytui.commands.connect import connect_by_questions

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl+C ends the dialogue only
    try:
        with reader.paused():
            return connect_by_questions(file)
    finally:
        signal.signal(signal.SIGINT, before)


def copy(text: str) -> str:
    """Copy `text` to the clipboard, and to a file; return a summary. Raises TerminalError."""
    return _copy(text, paths.copied_file())


def copy_without_file(text: str) -> str:
    """Copy `text` to the clipboard; return a summary. Raises TerminalError."""
    return _copy(text, None)


def _copy(text: str, file: Path | None) -> str:
    # a terminal without support for sequences would print this one
    able = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return copy_text(text, environ=os.environ, send=send_sequence if able else None, file=file).summary


@contextmanager
def _signals(put: Callable[[SessionEvent], None]) -> Iterator[None]:
    """Pass signals to `put`, which is safe in a signal handler, as lines and events are."""

    def handle(number: int, _frame: FrameType | None) -> None:
        put(SignalReceived(number))

    before = [signal.signal(number, handle) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)


def _detach_terminal() -> None:
    """Redirect the standard streams to /dev/null, so that output to the lost terminal does not fail."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
