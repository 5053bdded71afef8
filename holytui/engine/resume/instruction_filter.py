"""Removes repeated parts of the instruction from a reply.

Letters and digits are compared, ignoring case, so punctuation, quotation marks and line breaks do not matter. A run of
characters that no answer contains by chance counts as a match.
"""

from __future__ import annotations

from collections.abc import Iterable

_LATIN_RUN = 24
"""Matching letters and digits that identify the instruction: four or five words."""
_WIDE_RUN = 8
"""The same for scripts with one or two characters per word."""


class InstructionFilter:
    """Filters the texts in `sources` out of one reply. `feed` returns text that is not part of them.

    A possible start of one is held back until it is decided. After a match (`found`) nothing more is returned.
    """

    __slots__ = ("_held", "_letters", "_sources", "found", "released")

    def __init__(self, sources: Iterable[str]) -> None:
        self._sources = tuple(filter(None, map(alphanumerics, sources)))
        self._held = ""
        self._letters = ""
        self.found = False
        """One of the texts was matched."""
        self.released = 0
        """Number of characters returned."""

    @property
    def held(self) -> str:
        """Text that may be the start of one of the texts."""
        return self._held

    def feed(self, text: str) -> str:
        """Add `text`; return what is not part of a source."""
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
        """End the reply; return the text still held back."""
        given = "" if self.found else self._release()
        self.released += len(given)
        return given

    def _release(self) -> str:
        given, self._held, self._letters = self._held, "", ""
        return given

    def _settle(self, out: list[str]) -> None:
        """Release held text until the rest may be the start of a source."""
        while self._letters:
            if any(self._letters in source for source in self._sources):
                run = _WIDE_RUN if max(self._letters) >= "\u2e80" else _LATIN_RUN
                self.found = len(self._letters) >= run
                return
            at = next(i for i, char in enumerate(self._held) if alphanumerics(char))
            dropped = len(alphanumerics(self._held[at]))
            rest = self._held[at + 1 :]
            # punctuation and spaces after a released letter are released with it
            begin = next((i for i, char in enumerate(rest) if alphanumerics(char)), len(rest))
            out.append(self._held[: at + 1 + begin])
            self._held, self._letters = rest[begin:], self._letters[dropped:]
        out.append(self._release())


def alphanumerics(text: str) -> str:
    """The letters and digits of `text`, case-folded."""
    return "".join(char for char in text.casefold() if char.isalnum())
