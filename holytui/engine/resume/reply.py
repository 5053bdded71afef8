"""The reply to an instruction, without the instruction's own words and without the sign of the end."""

from __future__ import annotations

from holytui.engine.resume.instruction import OWN_WORDS, find_half_sign, find_sign, hold_from
from holytui.engine.resume.overlap import weight
from holytui.engine.resume.own_words import OwnWords, plain

_RUN = 24
_AGAIN = 12
"""The weight from which words are no part of an answer twice in a row."""


class InstructedReply:
    """Follows the part of a reply that belongs to the answer after `partial`. `feed` and `finish` give what is shown.

    White space, and what may be the beginning of our own words or of the sign, is held back until it is clear.
    """

    __slots__ = ("_again", "_held", "_own", "dropped", "own_words", "released", "repeats", "signed")

    def __init__(self, partial: str, quoted: str = "") -> None:
        """`quoted` is the end of `partial` that the reply was asked to begin with."""
        said = plain(partial)
        self._again = quoted.strip() if weight(quoted) >= _AGAIN else ""
        self._own = OwnWords(each for each in OWN_WORDS if plain(each)[:_RUN] not in said)
        self._held = ""
        self.released = 0
        """How many characters of the reply are part of the answer; what comes after them is not, if `dropped`."""
        self.signed = False
        """The model has written the sign of the end."""
        self.repeats = False
        """After the words that it was asked to begin with, the model goes round and says them again."""
        self.own_words = False
        """The model has repeated our own words."""
        self.dropped = False
        """What comes after the released characters is no part of the answer."""

    @property
    def held(self) -> str:
        """Text of which it is not clear yet whether it is part of the answer."""
        return "" if self.dropped else self._held + self._own.held

    def feed(self, text: str) -> str:
        """What is now to be shown."""
        if self.dropped:
            return ""
        self._held += self._own.feed(text)
        if self._goes_round():
            return ""
        self.own_words = self._own.found
        sign = find_sign(self._held)
        self.signed = sign is not None
        self.dropped = self.signed or self.own_words
        if sign is not None:
            return self._give(sign)
        return self._give(len(self._held.rstrip()) if self.own_words else hold_from(self._held))

    def finish(self) -> str:
        """The reply has ended, or was cut: what was still held."""
        if self.dropped:
            return ""
        self._held += self._own.finish()
        if self._goes_round() and self.repeats:
            return ""
        at = find_sign(self._held)
        self.signed = at is not None
        if at is None:
            at = find_half_sign(self._held)
        self.dropped = at is not None
        return self._give(len(self._held) if at is None else at)

    def _goes_round(self) -> bool:
        """Whether the reply says again what it was asked to begin with, as far as that can be told; holds it back."""
        if not self._again or self.released:
            return False
        begin = self._held.lstrip()
        if begin.startswith(self._again):
            self.repeats = self.dropped = True
            return True
        if self._again.startswith(begin) and not self._own.found:
            return True
        self._again = ""
        return False

    def _give(self, until: int) -> str:
        given, self._held = self._held[:until], self._held[until:]
        self.released += len(given)
        return given
