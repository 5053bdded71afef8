"""What the command line writes of texts that others wrote: signs where a terminal shows them, else what is stored."""

from __future__ import annotations

import json
import sys
from typing import TextIO

from holytui.text import INVISIBLE, VisibleStream, sanitize, visible

_CONTROLS = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}  # `json` leaves these as they are
_ESCAPED = _CONTROLS | {ord(char): json.dumps(char)[1:-1] for char in INVISIBLE}


def shown(text: str, out: TextIO) -> str:
    """`text` as it is to be written to `out`."""
    return visible(text) if out.isatty() else sanitize(text)


def say(text: str = "", out: TextIO | None = None) -> None:
    """Write a line, to stdout if nothing else is named."""
    out = sys.stdout if out is None else out
    print(shown(text, out), file=out, flush=out is not sys.stdout)


def complain(text: object) -> None:
    """Write what went wrong to stderr, which a terminal may show even if it is a file now."""
    print(f"holytui: {visible(str(text))}", file=sys.stderr, flush=True)


def json_line(value: object, out: TextIO) -> str:
    """`value` as a line of JSON, the same value for every reader: escapes stand for controls, which a history from
    elsewhere may hold, and for a terminal for all else that it would not show."""
    text = json.dumps(value, ensure_ascii=False)
    return text.translate(_ESCAPED if out.isatty() else _CONTROLS) + "\n"


class TextWriter:
    """Writes a text that comes in pieces to `out`, where others may write too between them."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._shown = VisibleStream() if out.isatty() else None

    def write(self, piece: str) -> None:
        """Some more of it."""
        self._out.write(self._shown.feed(piece) if self._shown is not None else piece)
        self._out.flush()

    def end(self) -> None:
        """No more comes for now."""
        if self._shown is not None and (left := self._shown.close()):
            self._out.write(left)
            self._out.flush()
