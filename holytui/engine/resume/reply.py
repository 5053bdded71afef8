"""The reply to an instruction, without repeated instructions and without the end marker."""

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
"""Weight from which an answer does not repeat words directly."""


class InstructedReply:
    """Extracts the answer from a reply that continues `partial`. `feed` and `finish` return text to show.

    White space, and text that may start a repeated instruction or the end marker, is held back until it is decided.
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
        """`quoted` is the end of `partial` that the reply was asked to start with."""
        normalized = alphanumerics(partial)
        self._quoted = quoted.strip() if weight(quoted) >= _MIN_WEIGHT else ""
        self._filter = InstructionFilter(
            each for each in INSTRUCTION_SENTENCES if alphanumerics(each)[:_PREFIX] not in normalized
        )
        self._held = ""
        self.released = 0
        """Characters of the reply that are part of the answer; the rest is not, if `discards_rest`."""
        self.has_end_marker = False
        """The model wrote the end marker."""
        self.repeats = False
        """The model repeated the quotation after starting with it."""
        self.has_instruction = False
        """The model repeated the instruction."""
        self.discards_rest = False
        """Text after the released characters is not part of the answer."""

    @property
    def held(self) -> str:
        """Text not yet known to be part of the answer."""
        return "" if self.discards_rest else self._held + self._filter.held

    def feed(self, text: str) -> str:
        """Add `text`; return the text to show."""
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
        """End the reply, complete or not; return the text still held back."""
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
        """Whether the reply repeats the quotation, as far as is known; holds it back."""
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
