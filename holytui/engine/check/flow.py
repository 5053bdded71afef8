"""How an answer came over the line, judged by when its pieces came."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

_FEW = 8
_LONG_WAIT = 1.0
_AT_ONCE = 0.1
_GAP = 0.003
"""Seconds between two pieces that did not come together: those of one read from the socket are microseconds apart."""
_PIECES_A_BURST = 4


class Flow(StrEnum):
    """How an answer came over the line."""

    STREAMED = "streamed"
    AT_ONCE = "at once"
    """All of it at the same time and soon: from a fast server, or out of a buffer."""
    HELD = "held"
    """All of it at the same time after a long wait: from a server that is slow to begin, or out of a buffer. Only
    another answer tells (see `held_back`)."""
    BURSTS = "bursts"
    """In a few bursts of many pieces: on a poor line, or from a server or out of a buffer that gathers them."""
    BUFFERED = "buffered"
    """Something on the way held it back until it was whole."""
    UNCLEAR = "unclear"
    """In so few pieces that nobody can tell."""


def classify_flow(arrivals: Sequence[float]) -> Flow:
    """Judge the `arrivals` of the pieces of one answer, in seconds from its request. Never BUFFERED."""
    if len(arrivals) < _FEW:
        return Flow.UNCLEAR
    span = arrivals[-1] - arrivals[0]
    apart = bursts(arrivals) * _PIECES_A_BURST >= len(arrivals)
    if span <= _AT_ONCE and not apart:
        return Flow.HELD if arrivals[0] >= _LONG_WAIT else Flow.AT_ONCE
    longest = max(after - before for before, after in pairwise(arrivals))
    return Flow.STREAMED if apart or longest * 4 < span else Flow.BURSTS


def bursts(arrivals: Sequence[float]) -> int:
    """How many times pieces came that did not come together with the ones before."""
    return 1 + sum(after - before >= _GAP for before, after in pairwise(arrivals))


def held_back(long: Sequence[float], short: Sequence[float]) -> bool:
    """Whether a buffer explains that all of a long answer came at once: then a short one comes much sooner.

    A server that is slow to begin lets both wait.
    """
    return bool(short) and short[0] * 2 <= long[0]
