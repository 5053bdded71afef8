"""All that the command line writes: nothing else in it writes to a stream, so nothing gets around these rules.

Texts that others wrote are signs where a terminal shows them, else what is stored.
"""

from __future__ import annotations

import io
import json
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
    """`text` as it is to be written to `out`."""
    return visible(text) if out.isatty() else sanitize(text)


def one_line(text: str) -> str:
    """`text` as a terminal may show it on one line, so that no name or argument can begin a line of its own."""
    return visible(text, breaks=False).replace("\n", "␊")


def write_text(text: str, out: TextIO) -> None:
    """Write `text` at once."""
    _put(printable(text, out), out)
    out.flush()


def print_line(text: str = "", out: TextIO | None = None) -> None:
    """Write a line, to stdout if nothing else is named."""
    out = sys.stdout if out is None else out
    _put(printable(text, out) + "\n", out)
    if out is not sys.stdout:
        out.flush()


def print_raw(text: str) -> None:
    """Write a line to stdout for a program that reads it as it is, such as the name of a file; signs on a terminal."""
    raw: BinaryIO | None = None if sys.stdout.isatty() else getattr(sys.stdout, "buffer", None)
    if raw is None:
        print_line(text)
    else:
        sys.stdout.flush()
        raw.write(os.fsencode(text) + b"\n")
        raw.flush()


def print_highlighted(start: str, parts: Iterable[tuple[str, bool]], *, bold: bool) -> None:
    """Write a line to stdout, with those parts in bold that are marked if it is to be."""
    out = sys.stdout
    shown_parts = ((printable(part, out), marked and bold) for part, marked in parts)
    line = "".join(f"{_BOLD}{part}{_PLAIN}" if marked else part for part, marked in shown_parts)
    _put(f"{printable(start, out)}{line}\n", out)


def json_line(value: object, out: TextIO) -> str:
    """`value` as a line of JSON, the same value for every reader: escapes stand for controls, which a history from
    elsewhere may hold, and for a terminal for all else that it would not show."""
    text = json.dumps(value, ensure_ascii=False)
    return text.translate(_ESCAPED if out.isatty() else _CONTROLS) + "\n"


def print_json(value: object, out: TextIO | None = None) -> None:
    """Write `value` as a `json_line`, to stdout if nothing else is named."""
    out = sys.stdout if out is None else out
    _put(json_line(value, out), out)
    out.flush()


def print_to_stderr(text: object) -> None:
    """Write what went wrong to stderr, which a terminal may show even if it is a file now."""
    _put(f"holytui: {one_line(str(text))}\n", sys.stderr)
    sys.stderr.flush()


def install_safe_output() -> None:
    """Let what Python itself writes, of a defect or for the log, do nothing to the terminal and hold no key either."""
    import logging

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with suppress(OSError, ValueError):  # nobody is there to read it
                write_text(f"holytui: {scrub(visible(self.format(record)))}\n", sys.stderr)

    sys.excepthook = _tell_defect
    logging.lastResort = Told(logging.WARNING)


def _tell_defect(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    import traceback

    write_text(scrub(visible("".join(traceback.format_exception(kind, error, at)))), sys.stderr)


def confirm(question: str, yes: str) -> bool:
    """Whether the person at the terminal answers with `y` or the word `yes`; False where nobody is."""
    if not sys.stdin.isatty():
        return False
    write_text(question, sys.stderr)
    answer = sys.stdin.readline()
    if not answer:
        print_line("", sys.stderr)  # the end of the input leaves the cursor behind the question
    return answer.strip().lower() in ("y", "yes", yes)


class TextWriter:
    """Writes a text that comes in pieces to `out`, where others may write too between them."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._shown = VisibleStream() if out.isatty() else None

    def add(self, piece: str) -> None:
        """Some more of it."""
        _put(self._shown.feed(piece) if self._shown is not None else piece, self._out)
        self._out.flush()

    def end(self) -> None:
        """No more comes for now."""
        if self._shown is not None and (left := self._shown.close()):
            _put(left, self._out)
            self._out.flush()


class StatusLine:
    """The last line of a terminal, written again and again. On anything else it is not there."""

    def __init__(self, out: TextIO, *, live: bool | None = None) -> None:
        self._out = out
        self._live = out.isatty() if live is None else live
        self._written = False

    def show(self, text: str) -> None:
        """Put `text` in place of what stands there."""
        if self._live:
            _put(_ERASE + one_line(text), self._out)
            self._out.flush()
            self._written = True

    def clear(self) -> None:
        """Take it away."""
        if self._written:
            _put(_ERASE, self._out)
            self._out.flush()
            self._written = False


class ExportStream(io.TextIOBase):
    """stdout for what is exported, which others read as UTF-8 and a terminal as signs; `is_json`: as escapes."""

    def __init__(self, out: TextIO, *, is_json: bool) -> None:
        self._out = out
        self._writer = TextWriter(out)
        self._is_json = is_json
        reconfigure = getattr(out, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8")  # only as this it can be imported again, whatever the locale says

    def write(self, text: str) -> int:
        """Some more of it."""
        if not self._is_json:
            self._writer.add(text)
        else:
            _put(text.translate(_ESCAPED) if self._out.isatty() else text, self._out)
        return len(text)

    def end(self) -> None:
        """That was all."""
        self._writer.end()
        self._out.flush()


def send_sequence(data: bytes) -> None:
    """Write a terminal's control sequence that holytui made, to stdout."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


@contextmanager
def terminal_sequences() -> Iterator[Callable[[bytes], None] | None]:
    """How to write control sequences to the terminal, also when the output goes elsewhere; None: there is none."""
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
