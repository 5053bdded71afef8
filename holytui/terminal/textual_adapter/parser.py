"""A safe key parser for Textual: pastes are never split, and reports of the terminal never become keys.

Textual's own parser turns text after an escape character inside a bracketed paste into key presses, Enter included, so
a pasted text could send itself. It also turns unknown and late sequences into text; so it gets complete sequences only.
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

from holytui.terminal.input_tokenizer import InputTokenizer, Token, TokenKind
from holytui.terminal.queries import Background
from holytui.text import sanitize

_MODE_REPORT = re.compile(r"\x1b\[\?(\d+);(\d)\$y")
_SCHEME_REPORT = re.compile(r"\x1b\[\?997;([12])n")
_SCHEMES = {"1": Background.DARK, "2": Background.LIGHT}
_STATUS_OK = "\x1b[0n"
# unrequested reports of sizes, and numbers that no terminal sends
_MEANINGLESS = re.compile(r"\x1b\[48;[0-9;:]*t|\x1b\[[^u]*[0-9]{6}[^u]*")
_MAX_TEXTUAL_SEQUENCE = 32  # characters that Textual's parser takes as one sequence
_MAX_MODIFIERS = 256
_MAX_PASTED = 4 << 20
_PASTE_TIMEOUT = (
    30.0  # seconds without input after which the end of a paste is taken to be lost, so that keys work again
)
_MAX_HELD = len(BRACKETED_PASTE_START) - 1


def _nothing_expected() -> None:
    """Return None: no report is outstanding."""


def _ignore(_report: str) -> None:
    """Ignore a report."""


class SafeParser(XTermParser):
    """A key parser. `on_status` is called for each answer to a status request, `on_mode(mode, value)` for each mode
    report, `on_colour` with each short string (OSC, DCS), such as a colour, `on_scheme` for each notification of the
    background; `expected` and `notified` are those of `InputTokenizer`."""

    def __init__(
        self,
        on_status: Callable[[], None],
        on_mode: Callable[[int, int], None],
        clock: Callable[[], float] = time.monotonic,
        expected: Callable[[], float | None] = _nothing_expected,
        on_colour: Callable[[str], None] = _ignore,
        on_scheme: Callable[[Background], None] = _ignore,
        notified: Callable[[], bool] = lambda: False,
    ) -> None:
        self._on_status = on_status
        self._on_mode = on_mode
        self._on_colour = on_colour
        self._on_scheme = on_scheme
        self._clock = clock
        self._tokenizer = InputTokenizer(
            ANSI_SEQUENCES_KEYS.__contains__, expected, lambda: constants.ESCAPE_DELAY, self._clock, notified
        )
        self._paste: list[str] | None = None
        self._pasted = 0
        self._paste_end = ""
        self._received_at = 0.0
        super().__init__()

    @property
    def timeout(self) -> float | None:
        """Seconds until `tick` must be called if no input comes; None for never."""
        if self._paste is not None:
            return max(0.0, self._received_at + _PASTE_TIMEOUT - self._clock())
        return self._tokenizer.timeout

    def feed(self, data: str) -> Iterable[Message]:
        """Yield the messages that `data` completes."""
        if not data:
            yield from super().feed("")
            return
        self._tokenizer.begin()
        while data:
            if self._paste is not None:
                data = yield from self._feed_paste(data)
                continue
            token, data = self._tokenizer.read(data)
            if token is not None:
                yield from self._messages_of(token)

    def tick(self) -> Iterable[Message]:
        """Yield the messages that are due: a lone escape key, a paste whose end is lost."""
        if self._paste is not None:
            if self._clock() - self._received_at >= _PASTE_TIMEOUT:
                yield self._end_paste()
            return
        token = self._tokenizer.tick()
        if token is not None:
            yield from self._messages_of(token)

    def _messages_of(self, token: Token) -> Iterable[Message]:
        text = token.text
        match token.kind:
            case TokenKind.ESCAPE:
                yield events.Key("escape", text)
            case TokenKind.STRING:
                self._on_colour(text)
            case TokenKind.TEXT:
                yield from super().feed(text)
            case TokenKind.ALT:
                yield from super().feed(text)
                yield from self._flush_textual()
            case TokenKind.SEQUENCE if text == BRACKETED_PASTE_START:
                self._paste, self._pasted, self._paste_end = [], 0, ""
                self._received_at = self._clock()
            case TokenKind.SEQUENCE if len(text) > _MAX_TEXTUAL_SEQUENCE:  # an input method can commit as much at once
                yield from (key for key in self._sequence_to_key_events(text) if key.key != Keys.Ignore)
            case TokenKind.SEQUENCE if not _MEANINGLESS.fullmatch(text):
                yield from super().feed(text)
                for _ in self._flush_textual():
                    pass  # Textual would turn it into letters

    def _flush_textual(self) -> Iterable[Message]:
        """Yield what Textual's parser makes of a sequence that it still waits to complete."""
        if self._timeout_time is not None:
            self._timeout_time = 0.0
            yield from super().tick()

    def _feed_paste(self, data: str) -> Generator[Message, None, str]:
        assert self._paste is not None
        self._received_at = self._clock()
        seen = self._paste_end + data
        at = seen.find(BRACKETED_PASTE_END)
        if at < 0:
            keep = next((n for n in range(_MAX_HELD, 0, -1) if seen.endswith(BRACKETED_PASTE_END[:n])), 0)
            self._add(seen[: len(seen) - keep])
            self._paste_end = seen[len(seen) - keep :]
            return ""
        self._add(seen[:at])
        self._paste_end = ""
        yield self._end_paste()
        return seen[at + len(BRACKETED_PASTE_END) :]

    def _add(self, text: str) -> None:
        assert self._paste is not None
        room = _MAX_PASTED - self._pasted
        self._paste.append(text[:room])
        self._pasted += min(len(text), room)

    def _end_paste(self) -> events.Paste:
        assert self._paste is not None
        text = "".join(self._paste)
        self._paste = None
        # terminals send the ends of pasted lines as carriage returns
        return events.Paste(sanitize(text.replace("\r\n", "\n").replace("\r", "\n")))

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence == _STATUS_OK:
            self._on_status()
            return [events.Key(Keys.Ignore, sequence)]
        if len(sequence) > 5 and (match := _MODE_REPORT.fullmatch(sequence)):
            self._on_mode(int(match[1]), int(match[2]))
            return [events.Key(Keys.Ignore, sequence)]
        if match := _SCHEME_REPORT.fullmatch(sequence):
            self._on_scheme(_SCHEMES[match[1]])
            return [events.Key(Keys.Ignore, sequence)]
        return super()._sequence_to_key_events(sequence, alt)

    def _parse_extended_key(self, sequence: str) -> list[events.Key] | None:  # type: ignore[override]  # cached there
        """Return the keys of an extended sequence; none if its numbers are invalid."""
        try:
            keys = super()._parse_extended_key(sequence)
        except (ValueError, OverflowError):  # not a code point, or numbers in an unrequested form
            return []
        fields = sequence[2:-1].split(";")
        if keys and len(fields) > 1 and int(fields[1] or "0") > _MAX_MODIFIERS:
            return []
        return keys if keys is None or all(_is_text(key.key + (key.character or "")) for key in keys) else []


def _is_text(text: str) -> bool:
    """Return whether `text` can be encoded, without halves of surrogate pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
