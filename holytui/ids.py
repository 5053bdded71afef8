"""Identifiers that sort by time (UUID version 7, RFC 9562 section 5.7), so merges between machines are trivial."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Collection, Iterable

LAST = "last"
"""What stands for the conversation that changed last, wherever an id is wanted."""
MIN_LENGTH = 4
"""Characters of an id that are taken for its beginning or end."""
_SHORT_LENGTH = 8

_lock = threading.Lock()
_last = [0]


def new_id() -> str:
    """A new UUIDv7; later calls in this process give greater ids, also when the clock is set back."""
    with _lock:
        # 48 bits of milliseconds and 12 of their fraction (method 3 of section 6.2), never the same twice
        now = time.time_ns() * 4096 // 1_000_000
        _last[0] = now = max(now, _last[0] + 1)
    millis, fraction = divmod(now, 4096)
    tail = int.from_bytes(os.urandom(8), "big") >> 2
    return str(uuid.UUID(int=millis << 80 | 7 << 76 | fraction << 64 | 2 << 62 | tail))


def match(ids: Iterable[str], requested: str) -> list[str]:
    """The id that is `requested`, else all that begin or end with it."""
    known = list(ids)
    if requested in known:
        return [requested]
    if len(requested) < MIN_LENGTH:
        return []
    return [each for each in known if each.startswith(requested) or each.endswith(requested)]


def short_id(one: str, among: Collection[str]) -> str:
    """The end of an id by which it is known `among` all: they begin with the time, so those of a minute begin alike.
    Whole if it is none of `new_id`."""
    try:
        own = str(uuid.UUID(one)) == one
    except ValueError:
        return one
    end = one[-_SHORT_LENGTH:]
    return (
        end
        if own and all(other == one or not (other.endswith(end) or other.startswith(end)) for other in among)
        else one
    )
