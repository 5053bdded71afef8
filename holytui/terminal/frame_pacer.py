"""Pacing of frames: as fast as the terminal processes them, so that none queue up on the connection.

Each frame ends with a status request (DSR, `CSI 5 n`), which a terminal answers (`CSI 0 n`) when it has processed the
frame. Round trip and timeout are estimated as TCP does it (RFC 6298).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

FASTEST = 1 / 30
"""Least seconds between frames."""
FASTEST_AFTER_KEY = 1 / 125
"""The same after a key press, whose effect must be seen at once."""
SLOWEST = 0.25
"""Most seconds between frames, while answers come."""

_WINDOW = 1024  # unanswered bytes; 40 ms on a 25 KB/s line
_OUTSTANDING = 4  # unanswered frames
_AFTER_KEY_FACTOR = 2  # both limits are higher after a key press
_INITIAL_TIMEOUT = 1.0
_MIN_TIMEOUT, _MAX_TIMEOUT = 0.3, 8.0
_SILENT_AFTER = 3  # timeouts after which a terminal that never answered gets no more requests
_LOST_AFTER = 60.0  # seconds after which an answer is taken to be lost
_RATE_WINDOW = 5.0  # seconds over which the byte rate is measured
_NEAR, _FAR = 0.04, 0.15  # round trips in seconds between which a link becomes thin
_BUSY = 8_000  # bytes per second that are many for a link that is not near


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """Measurements of the link to the terminal."""

    round_trip: float | None
    """Smoothed seconds from the end of a frame to the answer; None if the terminal never answered."""
    bytes_per_s: float
    """Bytes written per second, over the last seconds."""
    frames_written: int
    frames_dropped: int
    """Frames that a newer one replaced before they were written."""
    bytes_total: int

    @property
    def thinness(self) -> float:
        """How much the link gains from fewer bytes: 0 (near) to 1 (far, or the terminal never answered)."""
        if self.round_trip is None:
            return 1.0
        if self.round_trip > _NEAR and self.bytes_per_s > _BUSY:
            return 1.0
        return min(1.0, max(0.0, (self.round_trip - _NEAR) / (_FAR - _NEAR)))


class FramePacer:
    """Decides when the next frame may be written. Does no I/O; not thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = float("-inf")
        self._pending: deque[tuple[float, int]] = deque()
        self._unanswered: deque[float] = deque()
        """When each unanswered request was written, including those that timed out."""
        self._recent: deque[tuple[float, int]] = deque()
        self._misses = 0
        self._round_trip: float | None = None
        self._variation = 0.0
        self._frames = 0
        self._total = 0

    @property
    def requests_status(self) -> bool:
        """Whether frames should end with a status request; not for a terminal that never answers."""
        return self._round_trip is not None or self._misses < _SILENT_AFTER

    @property
    def waiting(self) -> bool:
        """Whether an answer is still expected."""
        return bool(self._pending)

    @property
    def answer_timeout(self) -> float:
        """Seconds to wait for an answer when there is nothing else to do; 0 if none will come."""
        return max(_INITIAL_TIMEOUT, self._timeout()) if self.requests_status else 0.0

    def expected(self) -> float | None:
        """Return the seconds until the oldest answer is late, 0 if it is; None if none is outstanding."""
        now = self._clock()
        while self._unanswered and self._unanswered[0] < now - _LOST_AFTER:
            self._unanswered.popleft()
        if not self._unanswered:
            return None
        return max(0.0, self._pending[0][0] + self._timeout() - now) if self._pending else 0.0

    def delay(self, *, after_key: bool = False) -> float:
        """Return the seconds until the next frame may be written; valid until the state changes."""
        now = self._clock()
        self._expire(now)
        interval = FASTEST
        if self._round_trip is not None:
            interval = min(SLOWEST, max(FASTEST, self._round_trip / _OUTSTANDING))
        wait = max(0.0, self._last + (FASTEST_AFTER_KEY if after_key else interval) - now)
        if not self._pending:
            return wait
        unanswered = sum(count for _, count in self._pending)
        more = _AFTER_KEY_FACTOR if after_key else 1
        if unanswered < _WINDOW * more and len(self._pending) < _OUTSTANDING * more:
            return wait
        return max(wait, self._pending[0][0] + self._timeout() - now)

    def frame_written(self, count: int, *, requested: bool) -> None:
        """Record a frame of `count` bytes; `requested`: it ended with a status request."""
        now = self._clock()
        self._last = now
        self._frames += 1
        self.bytes_written(count)
        if requested:
            self._pending.append((now, count))
            self._unanswered.append(now)

    def bytes_written(self, count: int) -> None:
        """Record `count` written bytes, of a frame or not."""
        self._total += count
        self._recent.append((self._clock(), count))
        while len(self._recent) > 256:
            self._recent.popleft()

    def answered(self) -> None:
        """Record the answer to a status request."""
        if self._unanswered:
            self._unanswered.popleft()
        if not self._pending:
            return  # to a request that timed out
        requested_at, _ = self._pending.popleft()
        sample = self._clock() - requested_at
        if self._round_trip is None:
            self._round_trip, self._variation = sample, sample / 2
        else:
            self._variation += (abs(sample - self._round_trip) - self._variation) / 4
            self._round_trip += (sample - self._round_trip) / 8
        self._misses = 0

    def reset(self) -> None:
        """Forget the outstanding requests: the terminal was left, or is another one."""
        self._pending.clear()
        self._misses = 0
        self._last = float("-inf")

    def figures(self, dropped: int) -> LinkFigures:
        """Return the measurements so far."""
        since = self._clock() - _RATE_WINDOW
        recent = sum(count for at, count in self._recent if at >= since)
        return LinkFigures(self._round_trip, recent / _RATE_WINDOW, self._frames, dropped, self._total)

    def _timeout(self) -> float:
        if self._round_trip is None:
            timeout = _INITIAL_TIMEOUT
        else:
            timeout = max(_MIN_TIMEOUT, self._round_trip + max(4 * self._variation, 0.05))
        return float(min(_MAX_TIMEOUT, timeout * 2**self._misses))

    def _expire(self, now: float) -> None:
        if self._pending and now >= self._pending[0][0] + self._timeout():
            self._pending.clear()
            self._misses = min(self._misses + 1, 8)
