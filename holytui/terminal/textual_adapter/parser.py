"""Textual's key parser, made safe: pastes are taken whole, and the terminal's answers never become keys.

Textual's own parser turns what follows an escape character inside a bracketed paste into key presses, Enter included,
so a pasted text could send itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterable

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.keys import Keys
from textual.message import Message

from holytui.text import sanitize

_MODE_REPORT = re.compile(r"\x1b\[\?(\d+);(\d)\$y")
_STATUS_OK = "\x1b[0n"
# ECMA-48 5.4: parameters, intermediates, a final. Not those that are only the beginning of what Textual knows: Linux's
# function keys and the two ways to tell of the mouse.
_SEQUENCE = re.compile(r"\x1b\[(?![<\[]|M$)[0-?]*[ -/]*[@-~]")
# 5.6: what a terminal says about its colours, its name or its clipboard
_STRING = re.compile("\x1b[\\]PX^_][\x20-\x7e\x80-\U0010ffff]*(?:\x07|\x1b\\\\)")
_MOST_PASTED = 4 << 20
_PASTE_SILENCE = 30.0  # seconds without a byte inside a paste: its end was lost, keys must work again
_HELD = len(BRACKETED_PASTE_START) - 1


class SafeParser(XTermParser):
    """`on_status` is called for each answer to a status request, `on_mode(mode, value)` for each mode report."""

    def __init__(
        self,
        on_status: Callable[[], None],
        on_mode: Callable[[int, int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_status = on_status
        self._on_mode = on_mode
        self._clock = clock
        self._before = ""
        self._paste: list[str] | None = None
        self._pasted = 0
        self._paste_end = ""
        self._heard = 0.0
        super().__init__()

    @property
    def timeout(self) -> float | None:
        """Seconds after which `tick` has something to do if nothing comes in; None for never."""
        if self._paste is not None:
            return max(0.0, self._heard + _PASTE_SILENCE - self._clock())
        if self._timeout_time is None:
            return None
        return max(0.0, self._timeout_time - time.monotonic())

    def feed(self, data: str) -> Iterable[Message]:
        """The messages that are complete with `data`."""
        if not data:
            yield from super().feed("")
            return
        while data:
            if self._paste is not None:
                data = yield from self._feed_paste(data)
            else:
                data = yield from self._feed_keys(data)

    def tick(self) -> Iterable[Message]:
        """The messages that are due by now: a lone escape key, a paste whose end never came."""
        if self._paste is not None:
            if self._clock() - self._heard >= _PASTE_SILENCE:
                yield self._end_paste()
            return
        waited = self._timeout_time
        yield from super().tick()
        if waited is not None and self._timeout_time is None:
            self._before = ""  # that escape was a key, not the start of a marker

    def _feed_keys(self, data: str) -> Generator[Message, None, str]:
        seen = self._before + data
        at = seen.find(BRACKETED_PASTE_START)
        if at < 0:
            self._before = seen[-_HELD:]
            if data := _STRING.sub("", data):
                yield from super().feed(data)
            return ""
        behind = at + len(BRACKETED_PASTE_START) - len(self._before)
        # the parser below is told of a paste that is empty, so that it is where it was
        for message in super().feed(_STRING.sub("", data[:behind]) + BRACKETED_PASTE_END):
            if not isinstance(message, events.Paste):
                yield message
        self._before = ""
        self._paste, self._pasted, self._paste_end = [], 0, ""
        self._heard = self._clock()
        return data[behind:]

    def _feed_paste(self, data: str) -> Generator[Message, None, str]:
        assert self._paste is not None
        self._heard = self._clock()
        seen = self._paste_end + data
        at = seen.find(BRACKETED_PASTE_END)
        if at < 0:
            keep = next((n for n in range(_HELD, 0, -1) if seen.endswith(BRACKETED_PASTE_END[:n])), 0)
            self._add(seen[: len(seen) - keep])
            self._paste_end = seen[len(seen) - keep :]
            return ""
        self._add(seen[:at])
        self._paste_end = ""
        yield self._end_paste()
        return seen[at + len(BRACKETED_PASTE_END) :]

    def _add(self, text: str) -> None:
        assert self._paste is not None
        room = _MOST_PASTED - self._pasted
        self._paste.append(text[:room])
        self._pasted += min(len(text), room)

    def _end_paste(self) -> events.Paste:
        assert self._paste is not None
        text = "".join(self._paste)
        self._paste = None
        # terminals send a pasted line's end as a carriage return
        return events.Paste(sanitize(text.replace("\r\n", "\n").replace("\r", "\n")))

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence == _STATUS_OK:
            self._on_status()
            return [events.Key(Keys.Ignore, sequence)]
        if len(sequence) > 5 and (match := _MODE_REPORT.fullmatch(sequence)):
            self._on_mode(int(match[1]), int(match[2]))
            return [events.Key(Keys.Ignore, sequence)]
        keys = list(super()._sequence_to_key_events(sequence, alt))
        if not keys and len(sequence) > 2 and _SEQUENCE.fullmatch(sequence):
            return [events.Key(Keys.Ignore, sequence)]  # unknown: Textual would type it letter by letter
        return keys
