"""Textual's key parser, made safe: pastes are taken whole, and the terminal's answers never become keys.

Textual's own parser turns what follows an escape character inside a bracketed paste into key presses, Enter included,
so a pasted text could send itself. It also types what it does not understand, and what came too late; so it is given
whole sequences only.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterable

from textual import constants, events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.keys import Keys
from textual.message import Message

from holytui.terminal.sequences import Kind, Sequences, Token
from holytui.text import sanitize

_MODE_REPORT = re.compile(r"\x1b\[\?(\d+);(\d)\$y")
_STATUS_OK = "\x1b[0n"
# sizes in pixels and cells, which nobody asked for, and numbers that no terminal means
_MEANINGLESS = re.compile(r"\x1b\[48;[0-9;:]*t|\x1b\[[^u]*[0-9]{6}[^u]*")
_LONGEST = 32  # characters that Textual's parser takes as one sequence
_MOST_MODIFIERS = 256
_MOST_PASTED = 4 << 20
_PASTE_SILENCE = 30.0  # seconds without a byte inside a paste: its end was lost, keys must work again
_HELD = len(BRACKETED_PASTE_START) - 1


def _nothing_expected() -> None:
    """No question is outstanding."""


class SafeParser(XTermParser):
    """`on_status` is called for each answer to a status request, `on_mode(mode, value)` for each mode report;
    `expected` is that of `Sequences`."""

    def __init__(
        self,
        on_status: Callable[[], None],
        on_mode: Callable[[int, int], None],
        clock: Callable[[], float] = time.monotonic,
        expected: Callable[[], float | None] = _nothing_expected,
    ) -> None:
        self._on_status = on_status
        self._on_mode = on_mode
        self._clock = clock
        self._sequences = Sequences(
            ANSI_SEQUENCES_KEYS.__contains__, expected, lambda: constants.ESCAPE_DELAY, self._clock
        )
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
        return self._sequences.timeout

    def feed(self, data: str) -> Iterable[Message]:
        """The messages that are complete with `data`."""
        if not data:
            yield from super().feed("")
            return
        self._sequences.begin()
        while data:
            if self._paste is not None:
                data = yield from self._feed_paste(data)
                continue
            token, data = self._sequences.read(data)
            if token is not None:
                yield from self._understand(token)

    def tick(self) -> Iterable[Message]:
        """The messages that are due by now: a lone escape key, a paste whose end never came."""
        if self._paste is not None:
            if self._clock() - self._heard >= _PASTE_SILENCE:
                yield self._end_paste()
            return
        token = self._sequences.tick()
        if token is not None:
            yield from self._understand(token)

    def _understand(self, token: Token) -> Iterable[Message]:
        text = token.text
        match token.kind:
            case Kind.ESCAPE:
                yield events.Key("escape", text)
            case Kind.TEXT:
                yield from super().feed(text)
            case Kind.ALT:
                yield from super().feed(text)
                yield from self._not_understood()
            case Kind.SEQUENCE if text == BRACKETED_PASTE_START:
                self._paste, self._pasted, self._paste_end = [], 0, ""
                self._heard = self._clock()
            case Kind.SEQUENCE if len(text) > _LONGEST:  # what an input method commits can be as long
                yield from (key for key in self._sequence_to_key_events(text) if key.key != Keys.Ignore)
            case Kind.SEQUENCE if not _MEANINGLESS.fullmatch(text):
                yield from super().feed(text)
                for _ in self._not_understood():
                    pass  # Textual would type it letter by letter

    def _not_understood(self) -> Iterable[Message]:
        """What Textual's parser makes of a sequence that it waits to go on with."""
        if self._timeout_time is not None:
            self._timeout_time = 0.0
            yield from super().tick()

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
        return super()._sequence_to_key_events(sequence, alt)

    def _parse_extended_key(self, sequence: str) -> list[events.Key] | None:  # type: ignore[override]  # cached there
        """The keys of a sequence of the extended protocol; none if its numbers mean nothing."""
        try:
            keys = super()._parse_extended_key(sequence)
        except (ValueError, OverflowError):  # no code point, or numbers in a form that was not asked for
            return []
        fields = sequence[2:-1].split(";")
        if keys and len(fields) > 1 and int(fields[1] or "0") > _MOST_MODIFIERS:
            return []
        return keys if keys is None or all(_is_text(key.key + (key.character or "")) for key in keys) else []


def _is_text(text: str) -> bool:
    """Whether it can be encoded: half a surrogate pair cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
