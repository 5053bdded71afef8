"""Cuts the terminal's input into keys and escape sequences, however its bytes are spread over reads and time.

A sequence that a stalled link cuts must not be typed. Only its first two bytes can be keys as well (Escape, or Alt with
a character); what is longer is held until its rest comes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_ESCAPE = "\x1b"
_CSI = "\x1b["
_SS3 = "\x1bO"
_STRINGS = "]PX^_"
_BELL, _C1_END = "\x07", "\x9c"
# ECMA-48 5.6: what a terminal says about its colours, its name or its clipboard. After Alt with a character comes text
# too, so a string that is not here to its end must begin as one that terminals send.
_STRING = re.compile("[\\]PX^_][\x20-\x7e\x80-\U0010ffff]*?(?:\x07|\x9c|\x1b\\\\)")
_STRING_START = re.compile(r"\][0-9]|P[0-9>!$+|=]|_G")
# 5.4: an answer, a key or a move of the mouse; without a private marker a letter may also be a key of its own
_CONTINUED = re.compile(r"\x1b\[(?:[?>=][0-9;:]+[ -/]*[cnRytuS]|[0-9;:]*\$?[nRctuy~A-HPQSZIOMm^@]|<[-0-9;]*[Mm])")
_OLD_MOUSE = "\x1b[M"
_OLD_MOUSE_LENGTH = 6

_MOST_KEPT = 1024  # characters of one sequence; more than an input method commits at once
_MOST_STRING = 1 << 20
_STRING_TIME = 10.0  # seconds after which a string is taken to have lost its end
_SEQUENCE_TIME = 60.0
_LONGEST_WAIT = 1.0  # seconds that an Escape waits at most for an answer that it may be the beginning of


class Kind(StrEnum):
    """The kinds of input."""

    TEXT = "text"
    ESCAPE = "escape"
    ALT = "alt"
    """An escape character and one more, which were typed."""
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of input that is complete."""

    kind: Kind
    text: str


class Sequences:
    """Holds what is not complete yet.

    `expected()` gives the seconds for which an answer to a question of ours is still expected; 0 for one that is late,
    None when none is outstanding. `is_key` knows the sequences of keys, `delay()` is the time after which a lone escape
    character is a key.
    """

    def __init__(
        self,
        is_key: Callable[[str], bool],
        expected: Callable[[], float | None],
        delay: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_key = is_key
        self._expected = expected
        self._delay = delay
        self._clock = clock
        self._held = ""
        self._began = self._touched = 0.0
        self._acted = False
        """Whether the escape character that is held was given out as a key, so that only an answer can go on."""
        self._string: int | None = None
        """The length of the string that is swallowed."""
        self._fresh = False
        """Whether the next character is the first of a read."""

    def begin(self) -> None:
        """A new read begins."""
        self._fresh = True
        age = self._clock() - self._began
        if self._held and age > (_STRING_TIME if self._string is not None else _SEQUENCE_TIME):
            self._drop()

    def read(self, data: str) -> tuple[Token | None, str]:
        """The first piece that is complete with `data`, and the rest of it; None if all of it is held."""
        while data:
            if not self._held:
                at = data.find(_ESCAPE)
                if at:
                    end = at if at > 0 else len(data)
                    return Token(Kind.TEXT, data[:end]), data[end:]
                self._hold(_ESCAPE)
                self._fresh = False
                data = data[1:]
                continue
            if self._string is not None:
                data = self._swallow(data)
                continue
            token, data = self._take(data)
            self._fresh = False
            if token is not None:
                return token, data
        return None, ""

    @property
    def timeout(self) -> float | None:
        """Seconds until `tick` has something to do if nothing comes; None for never."""
        if not self._held or len(self._held) > len(_CSI):
            return None
        now = self._clock()
        if self._string is not None:
            return max(0.0, self._began + _STRING_TIME - now) if self._held == _ESCAPE else None
        expected = self._expected()
        if self._acted:
            return max(0.0, self._touched + _LONGEST_WAIT - now) if self._held == _CSI else None
        if self._held == _CSI and expected is not None:
            return None
        until = self._touched + self._delay()
        if self._held == _ESCAPE and expected:
            until = max(until, min(now + expected, self._touched + _LONGEST_WAIT))
        return max(0.0, until - now)

    def tick(self) -> Token | None:
        """What is due by now: a key that could have been the beginning of a sequence."""
        if self.timeout != 0.0:
            return None
        held = self._held
        if self._acted:
            self._drop()
            return Token(Kind.TEXT, held[1:])
        if held == _ESCAPE:
            self._acted = self._string is None and self._expected() is not None
            if not self._acted:
                self._drop()
            return Token(Kind.ESCAPE, held)
        self._drop()
        return Token(Kind.ALT, held)

    def _hold(self, text: str) -> None:
        self._held = text
        self._acted = False
        self._string = None
        self._began = self._touched = self._clock()

    def _drop(self) -> None:
        self._held = ""
        self._acted = False
        self._string = None

    def _more(self, character: str) -> None:
        if len(self._held) < _MOST_KEPT:
            self._held += character
        self._touched = self._clock()

    def _take(self, data: str) -> tuple[Token | None, str]:
        """Go on with what is held, which is not a string."""
        character, rest = data[0], data[1:]
        if character == _ESCAPE:
            return self._interrupted(), rest
        if self._held.startswith(_CSI):
            return self._take_control(character, rest)
        if self._held == _SS3:
            self._drop()
            return Token(Kind.ALT, _SS3 + character), rest
        if self._held != _ESCAPE:
            return self._take_string(data)
        if character == "[":
            self._more(character)
            return None, rest
        if self._acted:
            if _STRING_START.match(data) or _STRING.match(data):
                self._more(character)
                return None, rest
            self._drop()
            return None, data
        if character == "O" or character in _STRINGS:
            self._more(character)
            return None, rest
        self._drop()
        return Token(Kind.ALT, _ESCAPE + character), rest

    def _interrupted(self) -> Token | None:
        """Another escape character came: what is held was a key, or has lost its end."""
        held, acted = self._held, self._acted
        known = held.startswith(_CSI) and (len(held) > len(_CSI) or self._expected() is not None)
        self._hold(_ESCAPE)
        if acted:
            return Token(Kind.TEXT, "[") if held == _CSI else None
        if known:
            return None
        return Token(Kind.ESCAPE if held == _ESCAPE else Kind.ALT, held)

    def _take_control(self, character: str, rest: str) -> tuple[Token | None, str]:
        """Go on with a control sequence (CSI). A key may come between two pieces of it."""
        held = self._held
        whole = held + character
        if self._acted and held == _CSI and character not in "0123456789?>=":
            self._drop()
            return Token(Kind.TEXT, "["), character + rest
        if held == _CSI and character == "[":  # a function key of Linux's console
            self._more(character)
            return None, rest
        if held.startswith(_OLD_MOUSE) or (whole == _OLD_MOUSE and not self._is_key(whole)):
            self._more(character)
            return (self._complete(whole) if len(whole) == _OLD_MOUSE_LENGTH else None), rest
        if self._is_key(whole) or held == "\x1b[[":
            return self._complete(whole), rest
        if " " <= character <= "?":
            self._more(character)
            return None, rest
        if "@" <= character <= "~" and not (self._fresh and not _CONTINUED.fullmatch(whole)):
            return self._complete(whole), rest
        if held == _CSI and self._expected() is None:
            self._drop()
            return Token(Kind.ALT, held), character + rest
        return Token(Kind.TEXT, character), rest

    def _complete(self, sequence: str) -> Token | None:
        kept = len(self._held) < _MOST_KEPT
        self._drop()
        return Token(Kind.SEQUENCE, sequence) if kept else None

    def _take_string(self, data: str) -> tuple[Token | None, str]:
        """The first character of a string, or one that was typed after Alt with a character."""
        whole = self._held[1] + data
        if _STRING_START.match(whole) or _STRING.match(whole):
            self._string = 0
            return None, data
        held, acted = self._held, self._acted
        self._drop()
        return Token(Kind.TEXT if acted else Kind.ALT, held[acted:]), data

    def _swallow(self, data: str) -> str:
        """Read a string up to its end; what follows it. A control character other than its end is a key."""
        assert self._string is not None
        self._fresh = False
        if self._held == _ESCAPE:  # seen inside the string: its end, or the beginning of something else
            self._string = None
            if data[0] == "\\":
                self._drop()
                return data[1:]
            self._hold(_ESCAPE)
            return data
        end = next((at for at, character in enumerate(data) if character < " " or character == _C1_END), len(data))
        self._string += end
        if self._string > _MOST_STRING:
            self._drop()
            return data[end:]
        if end == len(data):
            return ""
        if data[end] == _ESCAPE:
            self._held = _ESCAPE
            return data[end + 1 :]
        self._drop()
        return data[end + 1 :] if data[end] in (_BELL, _C1_END) else data[end:]
