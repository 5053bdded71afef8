"""How well a text matches the letters that were typed.

The score is that of `textual.fuzzy.Matcher`, computed in polynomial time: Textual goes through every combination of
places in which the letters occur, so a few letters that a long name often has take it hours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


class Letters:
    """Letters that are looked for, in their order and without regard to case."""

    def __init__(self, typed: str) -> None:
        """`typed` is not empty."""
        self.letters = typed.lower()
        # possessive, so that a text is gone through once
        gaps = "".join(f"[^{re.escape(letter)}]*+{re.escape(letter)}" for letter in self.letters)
        self._in_order = re.compile(gaps)
        self._starts_behind_first = sum(_starts_word(self.letters, at) for at in range(1, len(self.letters)))
        self.most_apart = self._scored(2, len(self.letters)) if len(self.letters) > 1 else 0.0
        """No text that has the letters apart scores more."""

    def score(self, text: str, above: float = 0.0) -> float:
        """How well a text in lower case matches; 0 if it has not all letters in this order. A score that is surely
        not above `above` may be given as less, but not as 0."""
        at = text.find(self.letters)
        if at >= 0:
            starts = self._starts_behind_first + _starts_word(text, at)
            return self._scored(1, starts) * (2.0 if text == self.letters else 1.5)
        if self._in_order.match(text) is None:
            return 0.0
        return self._apart(text) if self.most_apart > above else 1.0

    def _scored(self, groups: int, starts: int) -> float:
        """The score of places in so many groups, so many of which begin a word."""
        count = len(self.letters)
        together = (count - (groups - 1)) / count
        score: float = count + starts
        return score * (1 + together * together)

    def _apart(self, text: str) -> float:
        """The best score of all places that the letters can have."""
        places = self._places(text)
        reached: list[tuple[int, Mapping[int, int]]] = [(at, {1: _starts_word(text, at)}) for at in places[0]]
        for these in places[1:]:
            reached = _continued(text, reached, these)
        return max((self._scored(*way) for _at, ways in reached for way in ways.items()), default=0.0)

    def _places(self, text: str) -> list[list[int]]:
        """Where each letter can be. Of places near the end only the first counts, as for Textual."""
        found: list[list[int]] = []
        begin = 0
        for number, letter in enumerate(self.letters):
            places: list[int] = []
            at = begin
            while (place := text.find(letter, at)) >= 0:
                places.append(place)
                at = place + 1
                if at >= len(text) - number:
                    break
            found.append(places)
            begin = places[0] + 1
        return found


def _continued(
    text: str, reached: Sequence[tuple[int, Mapping[int, int]]], places: Sequence[int]
) -> list[tuple[int, Mapping[int, int]]]:
    """The ways in which one more letter can be reached: for each of its places, the most beginnings of words by the
    number of groups."""
    found: list[tuple[int, Mapping[int, int]]] = []
    before: dict[int, int] = {}
    """The same for all places that are not adjacent to the present one."""
    at = 0
    for place in places:
        while at < len(reached) and reached[at][0] < place - 1:
            for groups, starts in reached[at][1].items():
                before[groups] = max(before.get(groups, 0), starts)
            at += 1
        ways = {groups + 1: starts for groups, starts in before.items()}
        if at < len(reached) and reached[at][0] == place - 1:
            for groups, starts in reached[at][1].items():
                ways[groups] = max(ways.get(groups, 0), starts)
        if ways:
            starts_here = _starts_word(text, place)
            found.append((place, {groups: starts + starts_here for groups, starts in ways.items()}))
    return found


def _starts_word(text: str, at: int) -> bool:
    return _in_word(text[at]) and not (at and _in_word(text[at - 1]))


def _in_word(char: str) -> bool:
    return char == "_" or char.isalnum()
