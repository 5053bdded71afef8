"""The LiteLLM proxy that `make interop` set up, started once for all tests here and ended with them."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_STARTS_WITHIN = 180.0


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where the proxy listens, and its key."""

    base_url: str
    key: str


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def proxy() -> Iterator[Proxy]:
    where = os.environ.get("HOLYTUI_INTEROP")
    if not where:
        pytest.fail("run these through `make interop`, which sets up the server")
    folder = Path(where)
    port = _free_port()
    command = [str(folder / "venv" / "bin" / "litellm"), "--config", str(folder / "litellm.yaml")]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)], stdout=log, stderr=log, cwd=folder
        )
        try:
            base = f"http://127.0.0.1:{port}"
            end = time.monotonic() + _STARTS_WITHIN
            while not _answers(f"{base}/health/liveliness"):
                if server.poll() is not None or time.monotonic() > end:
                    pytest.fail(f"the proxy did not start; see {folder / 'server.log'}")
            yield Proxy(f"{base}/v1", (folder / "key").read_text())
        finally:
            server.terminate()
            server.wait(20)
