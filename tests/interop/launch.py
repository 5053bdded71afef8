"""Start a server on a free port of the loopback, wait until it is ready, and end it."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_PAUSE = 0.2
_ENDS_WITHIN = 20.0
# a proxy that the environment names is not for the loopback
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NotStarted(Exception):
    """The server ended, with `status`, or was not ready in time (`status` is None)."""

    def __init__(self, log: Path, status: int | None) -> None:
        how = "was not ready in time" if status is None else f"ended with status {status}"
        super().__init__(f"the server {how}; see {log}")
        self.status = status


def free_port() -> int:
    """A port of the loopback on which nobody listens now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def started(
    command: Sequence[str], *, health: str, log: Path, env: Mapping[str, str] | None = None, within: float = 600.0
) -> Iterator[None]:
    """Run `command` until the block ends; the block begins when `health` answers 200. Raises NotStarted."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=log.parent, env=env)
        try:
            end = time.monotonic() + within
            while not _answers(health):
                try:
                    raise NotStarted(log, process.wait(_PAUSE))
                except subprocess.TimeoutExpired:
                    if time.monotonic() > end:
                        raise NotStarted(log, None) from None
            yield
        finally:
            process.terminate()
            try:
                process.wait(_ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(url: str) -> bool:
    try:
        with _OPENER.open(url, timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
