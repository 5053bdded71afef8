"""Two histories that sync over streams in this process, which may be cut anywhere."""

from __future__ import annotations

import math
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass

from holytui.errors import HolytuiError
from holytui.store.history import History
from holytui.store.replica.records import Digest
from holytui.sync.channel import ByteReader, ByteWriter, Channel
from holytui.sync.exchange import Exchange, Progress
from holytui.sync.protocol import RemoteReplica, replica_of, serve


@dataclass
class Budget:
    """What passes until the connection is cut: bytes of each direction, and received lines."""

    received: float = math.inf
    sent: float = math.inf
    lines: float = math.inf


class CutReader:
    def __init__(self, stream: ByteReader, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def readline(self, size: int, /) -> bytes:
        if not self._budget.lines:
            return b""
        line = self._stream.readline(size)
        line = line[: int(min(len(line), self._budget.received))]
        self._budget.received -= len(line)
        self._budget.lines -= 1
        return line


class CutWriter:
    def __init__(self, stream: ByteWriter, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def write(self, data: bytes, /) -> object:
        passing = data[: int(min(len(data), self._budget.sent))]
        self._budget.sent -= len(passing)
        self._stream.write(passing)
        if len(passing) < len(data):
            self._stream.flush()
            raise BrokenPipeError
        return None

    def flush(self) -> None:
        self._stream.flush()


@dataclass
class Synced:
    progress: Progress
    sent: int
    received: int


def sync(here: History, there: History, budget: Budget | None = None, *, verify: bool = False) -> Synced:
    """Sync once. Raises what the sync raises."""
    limits = budget or Budget()
    ours, theirs = socket.socketpair()

    def answer() -> None:
        with suppress(HolytuiError, OSError), theirs, theirs.makefile("rwb") as stream:
            serve(there, Channel(stream, stream))

    server = threading.Thread(target=answer)
    server.start()
    try:
        with suppress(BrokenPipeError), ours.makefile("rwb") as stream:
            channel = Channel(CutReader(stream, limits), CutWriter(stream, limits))
            progress = Exchange(here, RemoteReplica(channel, "there")).run(verify=verify)
            return Synced(progress, channel.sent, channel.received)
        raise AssertionError("closed early")
    finally:
        ours.close()
        server.join()


def digest(history: History) -> Digest:
    return replica_of(history).digest()


def texts(history: History) -> list[str]:
    """All texts of all branches that are shown, sorted."""
    return sorted(each.text for talk in history.conversations() for each in history.branch(talk.id))
