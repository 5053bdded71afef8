"""Time without a connection to the endpoint, and the probes in it."""

from __future__ import annotations

from collections.abc import Callable

from holytui.engine.turn.effects import Moment
from holytui.engine.turn.monitors import probe_delay


class Outage:
    """The current outage, if there is one. `limit` in seconds; 0: none. `probe_scale`: factor on the schedule."""

    def __init__(self, limit: float, random: Callable[[], float], probe_scale: float) -> None:
        self._limit = limit
        self._random = random
        self._probe_scale = probe_scale
        self._probes = 0
        self.since: float | None = None
        """Unix time of its begin; None while there is none."""

    def next_probe(self, at: Moment) -> float | None:
        """Begin the outage or continue it; return the seconds until the next probe, None once it exceeds the limit."""
        if self.since is None:
            self.since = at.wall
        wait = probe_delay(self._probes, self._random, self._probe_scale)
        if self._limit > 0:
            left = self._limit - (at.wall - self.since)
            if left <= 0:
                return None
            wait = min(wait, left)
        self._probes += 1
        return wait

    def end(self, at: Moment) -> float | None:
        """End the outage; return its seconds, None if there was none."""
        self._probes = 0
        if self.since is None:
            return None
        seconds, self.since = max(0.0, at.wall - self.since), None
        return seconds
