"""The reply to an instruction, without the instruction's own words and without the sign of the end."""

from __future__ import annotations

from holytui.engine.resume.instruction import (
    INSTRUCTION_SENTENCES,
    find_end_marker,
    find_partial_end_marker,
    marker_hold_start,
)
from holytui.engine.resume.instruction_filter import InstructionFilter, alphanumerics
from holytui.engine.resume.overlap import weight

_PREFIX = 24
_MIN_WEIGHT = 12
"""The weight from which words are no part of an answer twice in a row."""


class InstructedReply:
    """Follows the part of a reply that belongs to the answer after `partial`. `feed` and `finish` give what is shown.

    White space, and what may be the beginning of our own words or of the sign, is held back until it is clear.
    """

    __slots__ = (
        "_filter",
        "_held",
        "_quoted",
        "discards_rest",
        "has_end_marker",
        "has_instruction",
        "released",
        "repeats",
    )

    def __init__(self, partial: str, quoted: str = "") -> None:
        """`quoted` is the end of `partial` that the reply was asked to begin with."""
        normalized = alphanumerics(partial)
        self._quoted = quoted.strip() if weight(quoted) >= _MIN_WEIGHT else ""
        self._filter = InstructionFilter(
            each for each in INSTRUCTION_SENTENCES if alphanumerics(each)[:_PREFIX] not in normalized
        )
        self._held = ""
        self.released = 0
        """How many characters of the reply are part of the answer; what comes after them is not, if `dropped`."""
        self.has_end_marker = False
        """The model has written the sign of the end."""
        self.repeats = False
        """After the words that it was asked to begin with, the model goes round and says them again."""
        self.has_instruction = False
        """The model has repeated our own words."""
        self.discards_rest = False
        """What comes after the released characters is no part of the answer."""

    @property
    def held(self) -> str:
        """Text of which it is not clear yet whether it is part of the answer."""
        return "" if self.discards_rest else self._held + self._filter.held

    def feed(self, text: str) -> str:
        """What is now to be shown."""
        if self.discards_rest:
            return ""
        self._held += self._filter.feed(text)
        if self._is_repeating():
            return ""
        self.has_instruction = self._filter.found
        marker = find_end_marker(self._held)
        self.has_end_marker = marker is not None
        self.discards_rest = self.has_end_marker or self.has_instruction
        if marker is not None:
            return self._release(marker)
        return self._release(len(self._held.rstrip()) if self.has_instruction else marker_hold_start(self._held))

    def finish(self) -> str:
        """The reply has ended, or was cut: what was still held."""
        if self.discards_rest:
            return ""
        self._held += self._filter.finish()
        if self._is_repeating() and self.repeats:
            return ""
        at = find_end_marker(self._held)
        self.has_end_marker = at is not None
        if at is None:
            at = find_partial_end_marker(self._held)
        self.discards_rest = at is not None
        return self._release(len(self._held) if at is None else at)

    def _is_repeating(self) -> bool:
        """Whether the reply says again what it was asked to begin with, as far as that can be told; holds it back."""
        if not self._quoted or self.released:
            return False
        begin = self._held.lstrip()
        if begin.startswith(self._quoted):
            self.repeats = self.discards_rest = True
            return True
        if self._quoted.startswith(begin) and not self._filter.found:
            return True
        self._quoted = ""
        return False

    def _release(self, until: int) -> str:
        given, self._held = self._held[:until], self._held[until:]
        self.released += len(given)
        return given
