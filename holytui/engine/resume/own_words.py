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


class OwnWords:
    """Watches one reply for the texts in `sources`. `feed` gives what is surely none of them.

    What could be the beginning of one is held back until it is clear. After `found` nothing more is given.
    """

    __slots__ = ("_held", "_kept", "_sources", "found", "released")

    def __init__(self, sources: Iterable[str]) -> None:
        self._sources = tuple(filter(None, map(plain, sources)))
        self._held = ""
        self._kept = ""
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
            letter = plain(char)
            if not letter:
                if not self._kept:
                    out.append(self._release())
                continue
            self._kept += letter
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
        given, self._held, self._kept = self._held, "", ""
        return given

    def _settle(self, out: list[str]) -> None:
        """Let go of the beginning of what is held until the rest may be the beginning of one of the texts."""
        while self._kept:
            if any(self._kept in source for source in self._sources):
                run = _WIDE_RUN if max(self._kept) >= "\u2e80" else _LATIN_RUN
                self.found = len(self._kept) >= run
                return
            at = next(i for i, char in enumerate(self._held) if plain(char))
            dropped = len(plain(self._held[at]))
            rest = self._held[at + 1 :]
            # the marks and spaces behind a letter that is none of ours are none of ours either
            begin = next((i for i, char in enumerate(rest) if plain(char)), len(rest))
            out.append(self._held[: at + 1 + begin])
            self._held, self._kept = rest[begin:], self._kept[dropped:]
        out.append(self._release())


def plain(text: str) -> str:
    """The letters and digits of `text`, without case."""
    return "".join(char for char in text.casefold() if char.isalnum())


def own_prefix(text: str, sources: Iterable[str]) -> int | None:
    """How many characters at the beginning of `text` repeat one of the texts, lines that hold nothing else included.

    0 if none do; None while `text` may still be the beginning of one.
    """
    first = plain(text[:400])
    for source in map(plain, sources):
        common = 0
        start = source.find(first[:_LATIN_RUN]) if len(first) >= _LATIN_RUN else -1
        if start < 0:
            continue
        while common < min(len(first), len(source) - start) and first[common] == source[start + common]:
            common += 1
        if common < len(first):
            return _after_letters(text, common)
        return None
    if len(first) < _LATIN_RUN and any(first and first in plain(source) for source in sources):
        return None
    return 0


def _after_letters(text: str, count: int) -> int:
    """The offset behind the first `count` letters and digits, and behind the marks and spaces that follow them."""
    seen = 0
    for index, char in enumerate(text):
        if char.isalnum():
            if seen >= count:
                return index
            seen += len(plain(char))
    return len(text)
