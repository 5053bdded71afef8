"""What can be told about the link: when to look for a lost endpoint again, whether the machine slept, whether the
stream has fallen quiet or slow. All functions of times that are passed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_SCHEDULE = (1.0, 2.0, 4.0, 8.0, 15.0)
_JUMP = 3.0
_SILENCE = 5.0
_SPAN = 10.0
_SLOW = 200.0


def probe_delay(tries: int, random: Callable[[], float], scale: float = 1.0) -> float:
    """Seconds before probe number `tries` (0 is the first): 1, 2, 4, 8, 15, 15 …, ±25 %, times `scale`."""
    base = _SCHEDULE[min(tries, len(_SCHEDULE) - 1)]
    return base * (0.75 + 0.5 * random()) * scale


@dataclass(slots=True)
class SuspendMonitor:
    """Tells when the machine was suspended: the wall clock went on and the monotonic clock did not."""

    _offset: float | None = None

    def jumped(self, monotonic: float, wall: float) -> bool:
        """Whether the wall clock ran ahead of the monotonic one by more than 3 s since the last call.

        A wall clock that is set forward looks the same; then one try comes early, which does no harm.
        """
        offset = wall - monotonic
        before, self._offset = self._offset, offset
        return before is not None and offset - before > _JUMP


@dataclass(frozen=True, slots=True)
class Silence:
    """Seconds without any byte and without a token; both 0: it flows again."""

    no_byte: float
    no_token: float


@dataclass(slots=True)
class SilenceMonitor:
    """Tells of silence, at most once a second, when no token has come for 5 s; and once when it is over."""

    last_byte: float
    last_token: float
    _reported_at: float | None = None

    def byte(self, now: float) -> None:
        """Bytes came, of whatever kind."""
        self.last_byte = now

    def token(self, now: float) -> None:
        """A piece of text came."""
        self.last_byte = self.last_token = now

    def check(self, now: float) -> Silence | None:
        """What is to be told now, if anything."""
        if now - self.last_token < _SILENCE:
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
    """The link's rate in bytes a second while it is slow; None: no longer."""

    value: float | None


class RateMonitor:
    """Tells when bytes have come at under 200 a second for 10 s on end, every 10 s anew, and when that is over.

    An event of one token has 100 to 300 bytes, so this is about a token a second. Silence is `QuietWatch`'s to tell.
    """

    __slots__ = ("_marks", "_reported_at")

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._reported_at: float | None = None

    def received(self, now: float, total: int) -> LinkRate | None:
        """`total` bytes of this attempt have come by `now`; what is to be told, if anything."""
        if self._marks and total < self._marks[-1][1]:
            self._marks.clear()  # the next attempt counts from zero
        self._marks.append((now, total))
        while len(self._marks) > 2 and self._marks[1][0] <= now - _SPAN:
            self._marks.popleft()
        first_at, first = self._marks[0]
        if now - first_at < _SPAN:
            return None
        rate = (total - first) / (now - first_at)
        if self._reported_at is None:
            if rate >= _SLOW:
                return None
        elif rate >= 2 * _SLOW:  # twice as much, or it would flicker around the limit
            self._reported_at = None
            return LinkRate(None)
        elif now - self._reported_at < _SPAN:
            return None
        self._reported_at = now
        return LinkRate(rate)
