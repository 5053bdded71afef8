"""Identifiers that sort by time (UUID version 7, RFC 9562 section 5.7), unique across machines."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Collection, Iterable

LAST = "last"
"""Alias for the most recently changed conversation, accepted in place of an id."""
MIN_LENGTH = 4
"""Minimum number of characters that identify an id by its beginning or end."""
_SHORT_LENGTH = 8

_lock = threading.Lock()
_last = [0]


def new_id() -> str:
    """Return a new UUIDv7, greater than earlier ones of this process even if the clock is set back. Thread-safe."""
    with _lock:
        # 48 bits of milliseconds and 12 of their fraction (method 3 of section 6.2), never the same twice
        now = time.time_ns() * 4096 // 1_000_000
        _last[0] = now = max(now, _last[0] + 1)
    millis, fraction = divmod(now, 4096)
    tail = int.from_bytes(os.urandom(8), "big") >> 2
    return str(uuid.UUID(int=millis << 80 | 7 << 76 | fraction << 64 | 2 << 62 | tail))


def match(ids: Iterable[str], requested: str) -> list[str]:
    """Return the id equal to `requested`, else all ids that begin or end with it."""
    known = list(ids)
    if requested in known:
        return [requested]
    if len(requested) < MIN_LENGTH:
        return []
    return [each for each in known if each.startswith(requested) or each.endswith(requested)]


def short_id(id_: str, among: Collection[str]) -> str:
    """Return the last characters of an id if they identify it `among` all ids, else the whole id.

    The end, as ids of the same minute begin alike. Ids that are not UUIDs are returned whole.
    """
    try:
        is_uuid = str(uuid.UUID(id_)) == id_
    except ValueError:
        return id_
    end = id_[-_SHORT_LENGTH:]
    return (
        end
        if is_uuid and all(other == id_ or not (other.endswith(end) or other.startswith(end)) for other in among)
        else id_
    )
