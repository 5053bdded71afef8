"""Hybrid logical clocks: stamps that follow the wall clock where they can, and cause and effect always.

A clock value has the milliseconds of Unix time in its upper bits and a counter in the lower 16. A host's next value is
greater than all that it gave or received, so a change made after seeing another is always later, even if the wall
clocks differ by days. A clock that is far ahead makes other hosts count on from its values; no change is lost by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Vector = Mapping[str, int]
"""Clock values by host: all changes of each host up to its value are known, or replaced by known ones."""

_COUNTER_BITS = 16
MAX_CLOCK = 1 << 62
"""Values from here on are refused: room for all later ones must remain below SQLite's greatest integer."""


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """The identity of one change; stamps of all hosts have one total order."""

    clock: int
    host: str


ZERO = Stamp(0, "")


def next_clock(last: int, now: float) -> int:
    """Return the next value of a clock that stands at `last`; `now` is Unix time."""
    return max(last + 1, int(now * 1000) << _COUNTER_BITS)


def wall_time(clock: int) -> float:
    """Unix time of a clock value, to the millisecond."""
    return (clock >> _COUNTER_BITS) / 1000


def joined(*vectors: Vector) -> dict[str, int]:
    """Return the greatest value of each host."""
    out: dict[str, int] = {}
    for vector in vectors:
        for host, clock in vector.items():
            out[host] = max(out.get(host, 0), clock)
    return out


def is_within(stamp: Stamp, vector: Vector) -> bool:
    """Whether `vector` includes the change of `stamp`."""
    return stamp.clock <= vector.get(stamp.host, 0)


def latest(stamps: Iterable[Stamp]) -> int:
    """Return the greatest clock value of `stamps`; 0 if there are none."""
    return max((stamp.clock for stamp in stamps), default=0)
