"""How fast tokens reach the disk while the history is shared: with the database near, slow (500 ms) and gone.

    python -m benchmarks.sharing [--seconds 8]

Tokens come at 100 a second; after each 25 the time until all is committed is measured.
"""

from __future__ import annotations

import argparse
import heapq
import os
import selectors
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from holytui.bootstrap import start_sharing
from holytui.config.schema import Sharing
from holytui.ids import new_id
from holytui.models import AnswerState, Attempt, DeltaKind, Role
from holytui.store.sqlite.history import SqliteHistory
from tests import postgres_server

TOKENS_PER_SECOND = 100
DELAY = 0.5


class SlowRelay:
    """A Unix socket in front of the server's, which passes everything on after a delay."""

    def __init__(self, folder: Path, upstream: str, delay: float) -> None:
        self._upstream = upstream
        self._delay = delay
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._upstream)
            threading.Thread(target=self._pass, args=(client, server), daemon=True).start()

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        waiting: list[tuple[float, int, socket.socket, bytes]] = []
        with selectors.DefaultSelector() as selector, client, server:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            for number in range(1 << 60):
                pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
                for key, _events in selector.select(pause):
                    data = os.read(key.fd, 65536)
                    if not data:
                        return
                    heapq.heappush(waiting, (time.monotonic() + self._delay, number, key.data, data))
                while waiting and waiting[0][0] <= time.monotonic():
                    _at, _number, target, data = heapq.heappop(waiting)
                    target.sendall(data)

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()


def measure(folder: Path, share: str, seconds: float) -> tuple[list[float], float, int, str]:
    """Return the times until a commit, the CPU time of this process, the number of tokens, and the last status."""
    with SqliteHistory(folder / "history.db") as history:
        sharing = start_sharing(Sharing(share), history)
        time.sleep(3.0)  # connected, or found to be gone
        talk = history.create_conversation(title="A talk").id
        question = history.add_message(talk, Role.USER, "Why?", parent_id=None)
        answer = history.add_message(talk, Role.ASSISTANT, "", parent_id=question.id, state=AnswerState.QUEUED)
        attempt = Attempt(new_id(), answer.id, 1, time.time())
        history.begin_attempt(attempt)
        waits: list[float] = []
        begun, cpu, count = time.monotonic(), time.process_time(), 0
        while time.monotonic() - begun < seconds:
            time.sleep(max(0.0, begun + count / TOKENS_PER_SECOND - time.monotonic()))
            history.journal(attempt.id, DeltaKind.CONTENT, "token ")
            count += 1
            if count % 25 == 0:
                at = time.monotonic()
                history.flush()
                waits.append(time.monotonic() - at)
        at = time.monotonic()
        history.set_state(answer.id, AnswerState.COMPLETE)
        waits.append(time.monotonic() - at)
        used = time.process_time() - cpu
        status = "" if sharing is None else str(sharing.status.state)
        if sharing is not None:
            sharing.close()
        return waits, used, count, status


@contextmanager
def addresses(folder: Path) -> Iterator[dict[str, str]]:
    """Run a server and a slow relay; return the addresses by their names."""
    programs = postgres_server.programs()
    if programs is None:
        raise SystemExit("no PostgreSQL here")
    with postgres_server.shared_server(programs, folder) as url:
        place = url.partition("host=")[2]
        relay = SlowRelay(folder, f"{place}/.s.PGSQL.5432", DELAY)
        yield {
            "not shared": "",
            "database near": url,
            "database slow": f"postgresql://holytui@/postgres?host={folder}",
            "database gone": "postgresql://holytui@127.0.0.1:1/postgres",
            "no answer": "postgresql://holytui@192.0.2.1/postgres",
        }
        relay.close()


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, addresses(Path(folder)) as found:
        print(f"{'':16} {'commit median':>14} {'95 %':>9} {'longest':>9} {'CPU':>8}  tokens  status")
        for number, (name, share) in enumerate([*found.items(), *list(found.items())[:2]]):
            waits, cpu, count, status = measure(Path(folder) / str(number), share, options.seconds)
            ordered = sorted(waits)
            middle, late = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
            print(
                f"{name:16} {middle * 1000:11.1f} ms {late * 1000:6.1f} ms"
                f" {ordered[-1] * 1000:6.1f} ms {cpu:6.2f} s  {count:6}  {status}",
                flush=True,
            )


if __name__ == "__main__":
    main()
