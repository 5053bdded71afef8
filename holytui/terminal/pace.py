"""When the next frame may go: as often as the terminal keeps up with, so that nothing waits in the line.

Each frame ends with a status request (DSR, `CSI 5 n`), which a terminal answers (`CSI 0 n`) once it has come that far.
Round trip and time limit are kept as TCP keeps them (RFC 6298).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

FASTEST = 1 / 30
"""Seconds between frames at best."""
HURRIED = 1 / 125
"""The same after a key press: what is typed is to be seen at once."""
SLOWEST = 0.25

_WINDOW = 1024  # unanswered bytes; 40 ms on a 25 KB/s line
_OUTSTANDING = 4  # unanswered frames
_HURRIED_MORE = 2  # times as much of both after a key press
_FIRST_LIMIT = 1.0
_LEAST_LIMIT, _MOST_LIMIT = 0.3, 8.0
_DEAF_AFTER = 3
_FORGOTTEN_AFTER = 60.0  # seconds after which no answer comes any more
_MEASURED = 5.0  # seconds over which bytes are counted
_NEAR, _FAR = 0.04, 0.15  # round trips between which a line becomes thin
_BUSY = 8_000  # bytes per second that are many for a line that is not near


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """How the line to the terminal does."""

    round_trip: float | None
    """Seconds from a frame's end to the terminal's answer, smoothed; None when it never answered."""
    bytes_per_s: float
    """Bytes written to it per second, over the last seconds."""
    frames_written: int
    frames_dropped: int
    """Frames that a newer one replaced before they could be written."""
    bytes_total: int

    @property
    def thinness(self) -> float:
        """How much the line gains by fewer bytes: from 0 for a near terminal to 1, also for one that never answered."""
        if self.round_trip is None:
            return 1.0
        if self.round_trip > _NEAR and self.bytes_per_s > _BUSY:
            return 1.0
        return min(1.0, max(0.0, (self.round_trip - _NEAR) / (_FAR - _NEAR)))


class Pace:
    """Decides when a frame may go; knows no terminal and no thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = float("-inf")
        self._asked: deque[tuple[float, int]] = deque()
        self._owed: deque[float] = deque()
        """When each request was written that was not answered, whether it was given up or not."""
        self._recent: deque[tuple[float, int]] = deque()
        self._misses = 0
        self._round_trip: float | None = None
        self._variation = 0.0
        self._frames = 0
        self._total = 0

    @property
    def asks(self) -> bool:
        """Whether a frame should end with a status request: not to a terminal that never answers."""
        return self._round_trip is not None or self._misses < _DEAF_AFTER

    @property
    def waiting(self) -> bool:
        """Whether an answer is still expected."""
        return bool(self._asked)

    @property
    def patience(self) -> float:
        """Seconds for which an answer is worth waiting for when nothing else is to be done; 0 if none will come."""
        return max(_FIRST_LIMIT, self._limit()) if self.asks else 0.0

    def expected(self) -> float | None:
        """Seconds until the oldest answer is late, 0 if it is; None if none is outstanding."""
        now = self._clock()
        while self._owed and self._owed[0] < now - _FORGOTTEN_AFTER:
            self._owed.popleft()
        if not self._owed:
            return None
        return max(0.0, self._asked[0][0] + self._limit() - now) if self._asked else 0.0

    def delay(self, *, hurried: bool = False) -> float:
        """Seconds until the next frame may go; ask again when something changes."""
        now = self._clock()
        self._expire(now)
        interval = FASTEST
        if self._round_trip is not None:
            interval = min(SLOWEST, max(FASTEST, self._round_trip / _OUTSTANDING))
        wait = max(0.0, self._last + (HURRIED if hurried else interval) - now)
        if not self._asked:
            return wait
        unanswered = sum(count for _, count in self._asked)
        more = _HURRIED_MORE if hurried else 1
        if unanswered < _WINDOW * more and len(self._asked) < _OUTSTANDING * more:
            return wait
        return max(wait, self._asked[0][0] + self._limit() - now)

    def wrote(self, count: int, *, asked: bool) -> None:
        """A frame of `count` bytes is written; `asked` if it ended with a status request."""
        now = self._clock()
        self._last = now
        self._frames += 1
        self.sent(count)
        if asked:
            self._asked.append((now, count))
            self._owed.append(now)

    def sent(self, count: int) -> None:
        """`count` bytes, of a frame or not, are written."""
        self._total += count
        self._recent.append((self._clock(), count))
        while len(self._recent) > 256:
            self._recent.popleft()

    def answered(self) -> None:
        """The terminal answered a status request."""
        if self._owed:
            self._owed.popleft()
        if not self._asked:
            return  # to a request that was given up
        asked, _ = self._asked.popleft()
        sample = self._clock() - asked
        if self._round_trip is None:
            self._round_trip, self._variation = sample, sample / 2
        else:
            self._variation += (abs(sample - self._round_trip) - self._variation) / 4
            self._round_trip += (sample - self._round_trip) / 8
        self._misses = 0

    def forget(self) -> None:
        """Nothing is outstanding any more: the terminal was left, or is another one."""
        self._asked.clear()
        self._misses = 0
        self._last = float("-inf")

    def figures(self, dropped: int) -> LinkFigures:
        """The figures so far."""
        since = self._clock() - _MEASURED
        recent = sum(count for at, count in self._recent if at >= since)
        return LinkFigures(self._round_trip, recent / _MEASURED, self._frames, dropped, self._total)

    def _limit(self) -> float:
        if self._round_trip is None:
            limit = _FIRST_LIMIT
        else:
            limit = max(_LEAST_LIMIT, self._round_trip + max(4 * self._variation, 0.05))
        return float(min(_MOST_LIMIT, limit * 2**self._misses))

    def _expire(self, now: float) -> None:
        if self._asked and now >= self._asked[0][0] + self._limit():
            self._asked.clear()
            self._misses = min(self._misses + 1, 8)
