"""Fuzzy matching.

The score equals that of `textual.fuzzy.Matcher`, computed in polynomial time: Textual tries every combination of
positions of the letters, which takes hours for a few letters that are frequent in a long name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


class FuzzyQuery:
    """FuzzyQuery to find in their order, ignoring case."""

    def __init__(self, typed: str) -> None:
        """`typed` is not empty."""
        self.letters = typed.lower()
        # possessive, so that a text is scanned once
        gaps = "".join(f"[^{re.escape(letter)}]*+{re.escape(letter)}" for letter in self.letters)
        self._in_order = re.compile(gaps)
        self._starts_behind_first = sum(_starts_word(self.letters, at) for at in range(1, len(self.letters)))
        self.most_apart = self._scored(2, len(self.letters)) if len(self.letters) > 1 else 0.0
        """Maximum score of a text that has the letters apart."""

    def score(self, text: str, above: float = 0.0) -> float:
        """Score of a text in lower case; 0 if it lacks any letter in this order. A score not above `above` may be
        reported lower, but not as 0."""
        at = text.find(self.letters)
        if at >= 0:
            starts = self._starts_behind_first + _starts_word(text, at)
            return self._scored(1, starts) * (2.0 if text == self.letters else 1.5)
        if self._in_order.match(text) is None:
            return 0.0
        return self._apart(text) if self.most_apart > above else 1.0

    def _scored(self, groups: int, starts: int) -> float:
        """Score of positions in `groups` groups, of which `starts` begin a word."""
        count = len(self.letters)
        together = (count - (groups - 1)) / count
        score: float = count + starts
        return score * (1 + together * together)

    def _apart(self, text: str) -> float:
        """The best score of all combinations of positions."""
        places = self._places(text)
        reached: list[tuple[int, Mapping[int, int]]] = [(at, {1: _starts_word(text, at)}) for at in places[0]]
        for these in places[1:]:
            reached = _continued(text, reached, these)
        return max((self._scored(*way) for _at, ways in reached for way in ways.items()), default=0.0)

    def _places(self, text: str) -> list[list[int]]:
        """Possible positions of each letter. Near the end only the first counts, as in Textual."""
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
    """Extend the combinations by one letter: for each of its positions, the maximum of word starts by number of
    groups."""
    found: list[tuple[int, Mapping[int, int]]] = []
    before: dict[int, int] = {}
    """The same for all positions not adjacent to the present one."""
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
