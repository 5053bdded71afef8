"""Incremental fuzzy search in hundreds of thousands of choices."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace

from holytui.text import fold, visible
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.fuzzy import FuzzyQuery

_PIECE = 500
"""Choices searched between two checks of the clock."""
_MOST_LEVELS = 8


@dataclass(frozen=True, slots=True)
class NarrowedChoices:
    """The best matches, best first, and the number of all matches."""

    best: Sequence[Choice]
    count: int
    exact: bool = False
    """Whether the value of one of all matches equals the typed text."""


@dataclass(frozen=True, slots=True)
class _Level:
    """Indexes of all choices that match some letters."""

    letters: str
    places: Sequence[int]


class Narrowing:
    """Searches in `label remark` of the choices. A query that extends an earlier one is searched only in the matches of
    that; headings match only the empty query. Case and accents are ignored."""

    def __init__(self, choices: Sequence[Choice], most: int) -> None:
        """`most`: maximum number of best matches."""
        self._choices = choices
        self._most = most
        self._levels: list[_Level] = []
        """Matches of prefixes of the query, the longest last."""
        self.looked_at = 0
        """Number of choices searched so far."""
        self.set_query("")

    def set_query(self, typed: str) -> None:
        """Begin another search."""
        self._typed = typed
        letters = fold(typed)
        self._letters = FuzzyQuery(letters) if letters else None
        while self._levels and not (letters and letters.startswith(self._levels[-1].letters)):
            self._levels.pop()
        self._among: Sequence[int] = self._levels[-1].places if self._levels else range(len(self._choices))
        self._at = 0
        self._places = array("L")
        self._best: list[tuple[float, int]] = []
        self._exact = False

    def advance(self, spent: Callable[[], bool]) -> bool:
        """Continue the search until the time is `spent`; returns whether it is complete."""
        if self._letters is None:
            return True
        while self._at < len(self._among):
            self._look(self._letters, self._among[self._at : self._at + _PIECE])
            self._at += _PIECE
            if spent():
                break
        if self._at < len(self._among):
            return False
        letters = self._letters.letters
        known = self._levels and self._levels[-1].letters == letters
        if not known and len(self._levels) < _MOST_LEVELS:
            self._levels.append(_Level(letters, self._places))
        return True

    def _look(self, letters: FuzzyQuery, places: Sequence[int]) -> None:
        best, most = self._best, self._most
        least = best[0][0] if len(best) == most else 0.0
        self.looked_at += len(places)
        for place in places:
            choice = self._choices[place]
            if not choice.value:
                continue
            score = letters.score(text_of(choice), least)
            if not score:
                continue
            self._places.append(place)
            self._exact = self._exact or choice.value == self._typed
            # of equal ones the first stays: the later of two places is the lesser pair
            if len(best) < most:
                heappush(best, (score, -place))
            elif score > least:
                heapreplace(best, (score, -place))
            else:
                continue
            least = best[0][0] if len(best) == most else 0.0

    @property
    def result(self) -> NarrowedChoices:
        """The matches, once the search is complete."""
        if self._letters is None:
            return NarrowedChoices(self._choices[: self._most], len(self._choices))
        ranked = sorted(self._best, reverse=True)
        return NarrowedChoices([self._choices[-place] for _score, place in ranked], len(self._places), self._exact)


def text_of(choice: Choice) -> str:
    """The text that is searched."""
    return fold(f"{visible(choice.label, breaks=False)} {visible(choice.remark, breaks=False)}")
