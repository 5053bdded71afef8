"""Classifies how an answer was delivered, by the arrival times of its pieces."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

_FEW = 8
_LONG_WAIT = 1.0
_AT_ONCE = 0.1
_GAP = 0.003
"""Minimum seconds between separate deliveries; pieces of one socket read are microseconds apart."""
_PIECES_A_BURST = 4


class Flow(StrEnum):
    """How an answer was delivered."""

    STREAMED = "streamed"
    AT_ONCE = "at once"
    """All at once and soon: by a fast server, or from a buffer."""
    HELD = "held"
    """All at once after a long wait: by a server that starts slowly, or from a buffer. Another answer decides (see
    `held_back`)."""
    BURSTS = "bursts"
    """In a few bursts of many pieces: over a poor link, or by a server or buffer that collects them."""
    BUFFERED = "buffered"
    """Buffered on the way until complete."""
    UNCLEAR = "unclear"
    """In too few pieces to decide."""


def classify_flow(arrivals: Sequence[float]) -> Flow:
    """Classify the `arrivals` of one answer's pieces, in seconds from its request. Never BUFFERED."""
    if len(arrivals) < _FEW:
        return Flow.UNCLEAR
    span = arrivals[-1] - arrivals[0]
    apart = bursts(arrivals) * _PIECES_A_BURST >= len(arrivals)
    if span <= _AT_ONCE and not apart:
        return Flow.HELD if arrivals[0] >= _LONG_WAIT else Flow.AT_ONCE
    longest = max(after - before for before, after in pairwise(arrivals))
    return Flow.STREAMED if apart or longest * 4 < span else Flow.BURSTS


def bursts(arrivals: Sequence[float]) -> int:
    """The number of separate deliveries."""
    return 1 + sum(after - before >= _GAP for before, after in pairwise(arrivals))


def held_back(long: Sequence[float], short: Sequence[float]) -> bool:
    """Whether a buffer explains a long answer that arrived all at once: a short one then arrives much sooner.

    A server that starts slowly delays both.
    """
    return bool(short) and short[0] * 2 <= long[0]
