"""Identifiers that sort by time (UUID version 7, RFC 9562 section 5.7), so merges between machines are trivial."""

from __future__ import annotations

import os
import threading
import time
import uuid

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
