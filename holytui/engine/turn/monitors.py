"""Monitors of the link: probe schedule, suspended machine, silent or slow stream. All times are passed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_SCHEDULE = (1.0, 2.0, 4.0, 8.0, 15.0)
_MIN_JUMP = 3.0
_SILENCE_AFTER = 5.0
_WINDOW = 10.0
_SLOW_BELOW = 200.0


def probe_delay(tries: int, random: Callable[[], float], scale: float = 1.0) -> float:
    """Seconds before probe number `tries` (0 is the first): 1, 2, 4, 8, 15, 15 …, ±25 %, times `scale`."""
    base = _SCHEDULE[min(tries, len(_SCHEDULE) - 1)]
    return base * (0.75 + 0.5 * random()) * scale


@dataclass(slots=True)
class SuspendMonitor:
    """Detects a suspended machine: the wall clock advanced and the monotonic clock did not."""

    _offset: float | None = None

    def jumped(self, monotonic: float, wall: float) -> bool:
        """Whether the wall clock gained more than 3 s on the monotonic clock since the last call.

        Setting the wall clock forward looks the same; its only effect is an early retry.
        """
        offset = wall - monotonic
        before, self._offset = self._offset, offset
        return before is not None and offset - before > _MIN_JUMP


@dataclass(frozen=True, slots=True)
class Silence:
    """Seconds without a byte and without a token; both 0: the silence is over."""

    no_byte: float
    no_token: float


@dataclass(slots=True)
class SilenceMonitor:
    """Reports silence at most once a second after 5 s without a token, and once when it ends."""

    last_byte: float
    last_token: float
    _reported_at: float | None = None

    def byte(self, now: float) -> None:
        """Record bytes of any kind."""
        self.last_byte = now

    def token(self, now: float) -> None:
        """Record a piece of text."""
        self.last_byte = self.last_token = now

    def check(self, now: float) -> Silence | None:
        """Return a report if one is due."""
        if now - self.last_token < _SILENCE_AFTER:
            if self._reported_at is None:
                return None
            self._reported_at = None
            return Silence(0.0, 0.0)
        if self._reported_at is not None and now - self._reported_at < 1.0:
            return None
        self._reported_at = now
        return Silence(now - self.last_byte, now - self.last_token)


@dataclass(frozen=True, slots=True)
class LinkRate:
    """Bytes per second of a slow link; None: no longer slow."""

    value: float | None


class RateMonitor:
    """Reports a rate under 200 bytes per second over 10 s, every 10 s, and once when it ends.

    An event of one token takes 100 to 300 bytes, so the limit is about one token per second. `SilenceMonitor` reports
    silence.
    """

    __slots__ = ("_marks", "_reported_at")

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._reported_at: float | None = None

    def received(self, now: float, total: int) -> LinkRate | None:
        """Record that `total` bytes of this attempt have arrived; return a report if one is due."""
        if self._marks and total < self._marks[-1][1]:
            self._marks.clear()  # the next attempt counts from zero
        self._marks.append((now, total))
        while len(self._marks) > 2 and self._marks[1][0] <= now - _WINDOW:
            self._marks.popleft()
        first_at, first = self._marks[0]
        if now - first_at < _WINDOW:
            return None
        rate = (total - first) / (now - first_at)
        if self._reported_at is None:
            if rate >= _SLOW_BELOW:
                return None
        elif rate >= 2 * _SLOW_BELOW:  # hysteresis: twice the limit, or the report would flicker
            self._reported_at = None
            return LinkRate(None)
        elif now - self._reported_at < _WINDOW:
            return None
        self._reported_at = now
        return LinkRate(rate)
