"""Keeps the words of our own instruction out of an answer, whatever part of it a model repeats.

Letters and digits are compared, without case; so marks, quotation and line breaks between them do not matter. A text is
taken for ours from a run of characters that no answer has by chance.
"""

from __future__ import annotations

from collections.abc import Iterable

_LATIN_RUN = 24
"""Letters and digits in a row that show that a text is ours: four or five words."""
_WIDE_RUN = 8
"""The same for scripts that write a word in one or two characters."""


class InstructionFilter:
    """Watches one reply for the texts in `sources`. `feed` gives what is surely none of them.

    What could be the beginning of one is held back until it is clear. After `found` nothing more is given.
    """

    __slots__ = ("_held", "_letters", "_sources", "found", "released")

    def __init__(self, sources: Iterable[str]) -> None:
        self._sources = tuple(filter(None, map(alphanumerics, sources)))
        self._held = ""
        self._letters = ""
        self.found = False
        """One of the texts was found."""
        self.released = 0
        """How many characters were given."""

    @property
    def held(self) -> str:
        """What may be the beginning of one of the texts."""
        return self._held

    def feed(self, text: str) -> str:
        """The text that is now surely none of ours."""
        out: list[str] = []
        for char in text:
            if self.found:
                break
            self._held += char
            letter = alphanumerics(char)
            if not letter:
                if not self._letters:
                    out.append(self._release())
                continue
            self._letters += letter
            self._settle(out)
        given = "".join(out)
        self.released += len(given)
        return given

    def finish(self) -> str:
        """The reply has ended: what was still held."""
        given = "" if self.found else self._release()
        self.released += len(given)
        return given

    def _release(self) -> str:
        given, self._held, self._letters = self._held, "", ""
        return given

    def _settle(self, out: list[str]) -> None:
        """Let go of the beginning of what is held until the rest may be the beginning of one of the texts."""
        while self._letters:
            if any(self._letters in source for source in self._sources):
                run = _WIDE_RUN if max(self._letters) >= "\u2e80" else _LATIN_RUN
                self.found = len(self._letters) >= run
                return
            at = next(i for i, char in enumerate(self._held) if alphanumerics(char))
            dropped = len(alphanumerics(self._held[at]))
            rest = self._held[at + 1 :]
            # the marks and spaces behind a letter that is none of ours are none of ours either
            begin = next((i for i, char in enumerate(rest) if alphanumerics(char)), len(rest))
            out.append(self._held[: at + 1 + begin])
            self._held, self._letters = rest[begin:], self._letters[dropped:]
        out.append(self._release())


def alphanumerics(text: str) -> str:
    """The letters and digits of `text`, without case."""
    return "".join(char for char in text.casefold() if char.isalnum())
