"""Splits the terminal's input into keys and escape sequences, however its bytes are spread over reads and time.

A sequence that a stalled link interrupts must not be taken for typed text. Only its first two bytes can also be keys
(Escape, or Alt with a character); a longer prefix is held until the rest arrives.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_ESCAPE = "\x1b"
_CSI = "\x1b["
_OSC = "\x1b]"
_SS3 = "\x1bO"
_STRINGS = "]PX^_"
_BELL, _C1_END = "\x07", "\x9c"
# ECMA-48 5.6: reports of colours, name or clipboard. Text may also follow Alt with a character, so a string without its
# end must begin like one that terminals send.
_STRING = re.compile("[\\]PX^_][\x20-\x7e\x80-\U0010ffff]*?(?:\x07|\x9c|\x1b\\\\)")
_STRING_START = re.compile(r"\][0-9]|P[0-9>!$+|=]|_G")
# 5.4: a report, a key or a mouse event; without a private marker a letter may also be a separate key
_CONTINUED = re.compile(r"\x1b\[(?:[?>=][0-9;:]+[ -/]*[cnRytuS]|[0-9;:]*\$?[nRctuy~A-HPQSZIOMm^@]|<[-0-9;]*[Mm])")
_OLD_MOUSE = "\x1b[M"
_OLD_MOUSE_LENGTH = 6

_MAX_SEQUENCE = 1024  # characters; more than an input method commits at once
_MAX_STRING = 1 << 20
_MAX_REPORT = 64  # characters of a string that are kept: more than a colour has
_STRING_TIME = 10.0  # seconds after which the end of a string that nobody expects is taken to be lost
_SEQUENCE_TIME = 60.0
_LONGEST_WAIT = 1.0  # most seconds that an Escape waits for the report that it may begin


class TokenKind(StrEnum):
    """The kinds of input."""

    TEXT = "text"
    ESCAPE = "escape"
    ALT = "alt"
    """Alt with a character."""
    SEQUENCE = "sequence"
    STRING = "string"
    """A short string (OSC, DCS and others), without its end. Longer ones are dropped."""


@dataclass(frozen=True, slots=True)
class Token:
    """A complete piece of input."""

    kind: TokenKind
    text: str


class InputTokenizer:
    """Splits input into tokens, and holds an incomplete one.

    `expected()` returns the seconds for which a report of the terminal is still expected, 0 for one that is late, None
    if none is outstanding. `notified()` returns whether the terminal may send a control sequence unasked. `is_key`
    recognises the sequences of keys; `delay()` returns the seconds after which a lone escape character is a key.
    """

    def __init__(
        self,
        is_key: Callable[[str], bool],
        expected: Callable[[], float | None],
        delay: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        notified: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_key = is_key
        self._expected = expected
        self._delay = delay
        self._clock = clock
        self._notified = notified
        self._held = ""
        self._began = self._touched = 0.0
        self._emitted = False
        """Whether the held escape character was emitted as a key, so that only a report can follow."""
        self._string: int | None = None
        """The length of the string that is being read."""
        self._report = ""
        """The beginning of the string."""
        self._first_in_read = False
        """The next character is the first of a read."""

    def begin(self) -> None:
        """Begin a new read."""
        self._first_in_read = True
        age = self._clock() - self._began
        if self._held and age > (self._string_time() if self._string is not None else _SEQUENCE_TIME):
            self._drop()

    def read(self, data: str) -> tuple[Token | None, str]:
        """Return the first token that `data` completes, and the rest of `data`; None if all of it is held."""
        while data:
            if not self._held:
                at = data.find(_ESCAPE)
                if at:
                    end = at if at > 0 else len(data)
                    return Token(TokenKind.TEXT, data[:end]), data[end:]
                self._hold(_ESCAPE)
                self._first_in_read = False
                data = data[1:]
                continue
            if self._string is not None:
                token, data = self._read_string(data)
            else:
                token, data = self._take(data)
            self._first_in_read = False
            if token is not None:
                return token, data
        return None, ""

    @property
    def timeout(self) -> float | None:
        """Seconds until `tick` must be called if no input comes; None for never."""
        if not self._held or len(self._held) > len(_CSI):
            return None
        now = self._clock()
        if self._string is not None:
            return max(0.0, self._began + self._string_time() - now) if self._held == _ESCAPE else None
        expected = self._expected()
        if self._held == _OSC and expected is not None:
            return None
        if self._emitted:
            return max(0.0, self._touched + _LONGEST_WAIT - now) if self._held in (_CSI, _OSC) else None
        if self._held == _CSI and expected is not None:
            return None
        until = self._touched + (_LONGEST_WAIT if self._held == _CSI and self._notified() else self._delay())
        if self._held == _ESCAPE and expected:
            until = max(until, min(now + expected, self._touched + _LONGEST_WAIT))
        return max(0.0, until - now)

    def tick(self) -> Token | None:
        """Return the token that is due: a key that could have begun a sequence."""
        if self.timeout != 0.0:
            return None
        held = self._held
        if self._emitted:
            self._drop()
            return Token(TokenKind.TEXT, held[1:])
        if held == _ESCAPE:
            self._emitted = self._string is None and (self._expected() is not None or self._notified())
            if not self._emitted:
                self._drop()
            return Token(TokenKind.ESCAPE, held)
        self._drop()
        return Token(TokenKind.ALT, held)

    def _hold(self, text: str) -> None:
        self._held = text
        self._emitted = False
        self._string = None
        self._began = self._touched = self._clock()

    def _drop(self) -> None:
        self._held = ""
        self._emitted = False
        self._string = None

    def _append(self, character: str) -> None:
        if len(self._held) < _MAX_SEQUENCE:
            self._held += character
        self._touched = self._clock()

    def _take(self, data: str) -> tuple[Token | None, str]:
        """Continue the held token, which is not a string."""
        character, rest = data[0], data[1:]
        if character == _ESCAPE:
            return self._interrupted(), rest
        if self._held.startswith(_CSI):
            return self._take_control(character, rest)
        if self._held == _SS3:
            self._drop()
            return Token(TokenKind.ALT, _SS3 + character), rest
        if self._held != _ESCAPE:
            return self._take_string(data)
        if character == "[":
            self._append(character)
            return None, rest
        if self._emitted:
            if data == _OSC[1] or _STRING_START.match(data) or _STRING.match(data):
                self._append(character)
                return None, rest
            self._drop()
            return None, data
        if character == "O" or character in _STRINGS:
            self._append(character)
            return None, rest
        self._drop()
        return Token(TokenKind.ALT, _ESCAPE + character), rest

    def _interrupted(self) -> Token | None:
        """Handle another escape character: the held token was a key, or its end is lost."""
        held, emitted = self._held, self._emitted
        is_sequence = held.startswith(_CSI) and (len(held) > len(_CSI) or self._expected() is not None)
        self._hold(_ESCAPE)
        if emitted:
            return Token(TokenKind.TEXT, "[") if held == _CSI else None
        if is_sequence:
            return None
        return Token(TokenKind.ESCAPE if held == _ESCAPE else TokenKind.ALT, held)

    def _take_control(self, character: str, rest: str) -> tuple[Token | None, str]:
        """Continue a control sequence (CSI). A key may arrive between two parts of it."""
        held = self._held
        whole = held + character
        if self._emitted and held == _CSI and character not in "0123456789?>=":
            self._drop()
            return Token(TokenKind.TEXT, "["), character + rest
        if held == _CSI and character == "[":  # a function key of Linux's console
            self._append(character)
            return None, rest
        if held.startswith(_OLD_MOUSE) or (whole == _OLD_MOUSE and not self._is_key(whole)):
            self._append(character)
            return (self._complete(whole) if len(whole) == _OLD_MOUSE_LENGTH else None), rest
        if self._is_key(whole) or held == "\x1b[[":
            return self._complete(whole), rest
        if " " <= character <= "?":
            self._append(character)
            return None, rest
        if "@" <= character <= "~" and not (self._first_in_read and not _CONTINUED.fullmatch(whole)):
            return self._complete(whole), rest
        if held == _CSI and self._expected() is None:
            self._drop()
            return Token(TokenKind.ALT, held), character + rest
        return Token(TokenKind.TEXT, character), rest

    def _complete(self, sequence: str) -> Token | None:
        complete = len(self._held) < _MAX_SEQUENCE
        self._drop()
        return Token(TokenKind.SEQUENCE, sequence) if complete else None

    def _take_string(self, data: str) -> tuple[Token | None, str]:
        """Handle the first character of a string, or one typed after Alt with a character."""
        whole = self._held[1] + data
        if _STRING_START.match(whole) or _STRING.match(whole):
            self._string, self._report = 0, self._held
            return None, data
        held, emitted = self._held, self._emitted
        self._drop()
        return Token(TokenKind.TEXT if emitted else TokenKind.ALT, held[emitted:]), data

    def _string_time(self) -> float:
        return _STRING_TIME if self._expected() is None else _SEQUENCE_TIME

    def _read_string(self, data: str) -> tuple[Token | None, str]:
        """Read a string up to its end; any other control character is a key, and the string is dropped."""
        assert self._string is not None
        if self._held == _ESCAPE:  # seen inside the string: its end, or the beginning of something else
            if data[0] == "\\":
                return self._end_string(), data[1:]
            self._hold(_ESCAPE)
            return None, data
        end = next((at for at, character in enumerate(data) if character < " " or character == _C1_END), len(data))
        self._string += end
        self._report += data[: max(0, _MAX_REPORT - len(self._report))][:end]
        if self._string > _MAX_STRING:
            self._drop()
            return None, data[end:]
        if end == len(data):
            return None, ""
        if data[end] == _ESCAPE:
            self._held = _ESCAPE
            return None, data[end + 1 :]
        if data[end] in (_BELL, _C1_END):
            return self._end_string(), data[end + 1 :]
        self._drop()
        return None, data[end:]

    def _end_string(self) -> Token | None:
        report, short = self._report, self._string is not None and self._string <= _MAX_REPORT
        self._drop()
        return Token(TokenKind.STRING, report) if short else None
