"""Sequence numbers of the events of one answer, to notice those that are repeated or missing."""

from __future__ import annotations

from enum import Enum, auto

_MAX_NUMBERS = 4096
"""Numbers remembered; a repeated event is sent soon after the first."""


class Place(Enum):
    """Place of an event in its stream."""

    NEXT = auto()
    REPEATED = auto()
    """It was read before."""
    AFTER_GAP = auto()
    """Events before it are missing."""


class EventNumbers:
    """The numbers read so far. Some gateways number all events alike, or count anew for each item."""

    __slots__ = ("_before", "_gap_seen", "_is_kept", "_last", "_marks", "_reliable")

    def __init__(self, before: int | None = None, *, is_kept: bool = False, gap_seen: bool = False) -> None:
        """`before`: last number read from an earlier connection. `is_kept`: the stream is read on by number.

        `gap_seen`: events after `before` were missing before. If they are again, the server leaves out numbers.
        """
        self._before = before
        self._last = before
        self._is_kept = is_kept
        self._gap_seen = gap_seen
        self._marks: dict[int, int] = {}
        self._reliable = True

    @property
    def last(self) -> int | None:
        """The number after which the stream can be read on; None if its numbers do not tell."""
        return (self._last or 0) if self._reliable else None

    def place(self, number: object, mark: int) -> Place:
        """Record an event with this number; `mark` is a hash of its contents, as a number alone proves nothing."""
        if not isinstance(number, int):
            self._reliable = False
            return Place.NEXT
        if self._is_kept and self._reliable:
            if self._before is not None and number <= self._before:
                return Place.REPEATED
            if self._last is not None and number > self._last + 1 and not self._gap_seen:
                return Place.AFTER_GAP
        if self._marks.get(number) == mark and ((self._is_kept and self._reliable) or len(self._marks) > 1):
            return Place.REPEATED
        self._reliable = self._reliable and (self._last is None or number > self._last)
        self._last = number
        self._marks[number] = mark
        if len(self._marks) > _MAX_NUMBERS:
            del self._marks[next(iter(self._marks))]
        return Place.NEXT
