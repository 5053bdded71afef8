"""All output of the command line; no other module of it writes to a stream.

On a terminal control characters of foreign text are shown as symbols; elsewhere text is written as stored.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import BinaryIO, TextIO

from holytui.secret import scrub
from holytui.text import INVISIBLE, VisibleStream, sanitize, visible

_CONTROLS = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}  # `json` leaves these as they are
_ESCAPED = _CONTROLS | {ord(char): json.dumps(char)[1:-1] for char in INVISIBLE}
_BOLD, _PLAIN = "\x1b[1m", "\x1b[22m"
_ERASE = "\r\x1b[K"


def printable(text: str, out: TextIO) -> str:
    """Convert `text` for `out`: with visible control characters on a terminal."""
    return visible(text) if out.isatty() else sanitize(text)


def one_line(text: str) -> str:
    """Convert `text` to a single line that is safe on a terminal."""
    return visible(text, breaks=False).replace("\n", "␊")


def write_text(text: str, out: TextIO) -> None:
    """Write `text` and flush."""
    _put(printable(text, out), out)
    out.flush()


def print_line(text: str = "", out: TextIO | None = None) -> None:
    """Write a line to `out`, by default stdout."""
    out = sys.stdout if out is None else out
    _put(printable(text, out) + "\n", out)
    if out is not sys.stdout:
        out.flush()


def print_raw(text: str) -> None:
    """Write a line to stdout exactly, such as a file name for a program; made safe on a terminal."""
    raw: BinaryIO | None = None if sys.stdout.isatty() else getattr(sys.stdout, "buffer", None)
    if raw is None:
        print_line(text)
    else:
        sys.stdout.flush()
        raw.write(os.fsencode(text) + b"\n")
        raw.flush()


def print_highlighted(start: str, parts: Iterable[tuple[str, bool]], *, bold: bool) -> None:
    """Write a line to stdout; with `bold`, its marked parts are bold."""
    out = sys.stdout
    shown_parts = ((printable(part, out), marked and bold) for part, marked in parts)
    line = "".join(f"{_BOLD}{part}{_PLAIN}" if marked else part for part, marked in shown_parts)
    _put(f"{printable(start, out)}{line}\n", out)


def json_line(value: object, out: TextIO) -> str:
    """Encode `value` as a line of JSON, with control characters escaped.

    For a terminal all other invisible characters are escaped as well.
    """
    text = json.dumps(value, ensure_ascii=False)
    return text.translate(_ESCAPED if out.isatty() else _CONTROLS) + "\n"


def print_json(value: object, out: TextIO | None = None) -> None:
    """Write `value` as a `json_line` to `out`, by default stdout."""
    out = sys.stdout if out is None else out
    _put(json_line(value, out), out)
    out.flush()


def print_to_stderr(text: object) -> None:
    """Write a message to stderr, on one line and safe on a terminal."""
    _put(f"holytui: {one_line(str(text))}\n", sys.stderr)
    sys.stderr.flush()


class StderrHandler(logging.Handler):
    """Writes log records to stderr, safe for the terminal and without keys."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; ignored once stderr is closed."""
        with suppress(OSError, ValueError):
            write_text(f"holytui: {scrub(visible(self.format(record)))}\n", sys.stderr)


def install_safe_output() -> None:
    """Make tracebacks and log records safe for the terminal, and remove keys from them."""
    sys.excepthook = _print_traceback
    handler = StderrHandler(logging.WARNING)
    logging.lastResort = handler
    ours = logging.getLogger("holytui")  # its records go to the log file too, so the last resort is not used for them
    for before in [each for each in ours.handlers if isinstance(each, StderrHandler)]:
        ours.removeHandler(before)
    ours.addHandler(handler)


def _print_traceback(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    import traceback

    write_text(scrub(visible("".join(traceback.format_exception(kind, error, at)))), sys.stderr)


def confirm(question: str, yes: str) -> bool:
    """Ask on the terminal; return whether the reply is `y` or the word `yes`. False without a terminal."""
    if not sys.stdin.isatty():
        return False
    write_text(question, sys.stderr)
    answer = sys.stdin.readline()
    if not answer:
        print_line("", sys.stderr)  # end of file leaves the cursor after the question
    return answer.strip().lower() in ("y", "yes", yes)


class TextWriter:
    """Writes a text in pieces to `out`, possibly with other output between them."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._shown = VisibleStream() if out.isatty() else None

    def add(self, piece: str) -> None:
        """Write a piece."""
        _put(self._shown.feed(piece) if self._shown is not None else piece, self._out)
        self._out.flush()

    def end(self) -> None:
        """Write a held rest, before other output or at the end."""
        if self._shown is not None and (left := self._shown.close()):
            _put(left, self._out)
            self._out.flush()


class StatusLine:
    """The last line of a terminal, which is rewritten. Without effect elsewhere."""

    def __init__(self, out: TextIO, *, live: bool | None = None) -> None:
        self._out = out
        self._live = out.isatty() if live is None else live
        self._written = False

    def show(self, text: str) -> None:
        """Replace the line by `text`."""
        if self._live:
            _put(_ERASE + one_line(text), self._out)
            self._out.flush()
            self._written = True

    def clear(self) -> None:
        """Remove the line."""
        if self._written:
            _put(_ERASE, self._out)
            self._out.flush()
            self._written = False


class ExportStream(io.TextIOBase):
    """stdout for exports: UTF-8, and safe on a terminal, where `is_json` text is escaped."""

    def __init__(self, out: TextIO, *, is_json: bool) -> None:
        self._out = out
        self._writer = TextWriter(out)
        self._is_json = is_json
        reconfigure = getattr(out, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8")  # it could not be imported again in the encoding of the locale

    def write(self, text: str) -> int:
        """Write a piece."""
        if not self._is_json:
            self._writer.add(text)
        else:
            _put(text.translate(_ESCAPED) if self._out.isatty() else text, self._out)
        return len(text)

    def end(self) -> None:
        """End the export."""
        self._writer.end()
        self._out.flush()


def send_sequence(data: bytes) -> None:
    """Write a control sequence of holytui's own to stdout."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


@contextmanager
def terminal_sequences() -> Iterator[Callable[[bytes], None] | None]:
    """Provide a writer of control sequences to the terminal, even if stdout is redirected; None without one."""
    try:
        out = os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY)
    except OSError:
        yield None
        return

    def send(data: bytes) -> None:
        while data:
            data = data[os.write(out, data) :]

    try:
        yield send
    finally:
        os.close(out)


def _put(text: str, out: TextIO) -> None:
    encoding = (getattr(out, "encoding", None) or "utf-8").lower()
    if encoding not in ("utf-8", "utf8"):
        text = text.encode(encoding, "replace").decode(encoding)
    out.write(text)
