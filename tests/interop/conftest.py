"""The servers that `make interop` set up, each started once for all tests here and ended with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop import llama
from tests.interop.launch import NotStarted, free_port, started
from tests.interop.setup_server import LLAMA_BASE


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where the proxy listens, and its key."""

    base_url: str
    key: str

    @property
    def port(self) -> int:
        """Its port on the loopback."""
        return int(self.base_url.split(":")[2].partition("/")[0])


@pytest.fixture(scope="session")
def folder() -> Path:
    """The folder with the servers."""
    where = os.environ.get("HOLYTUI_INTEROP")
    if not where:
        pytest.fail("run these through `make interop`, which sets up the servers")
    return Path(where)


@pytest.fixture(scope="session")
def llama_address() -> int:
    """The port of the llama.cpp server, which may not run yet."""
    return free_port()


@pytest.fixture(scope="session")
def llama_port(folder: Path, llama_address: int) -> Iterator[int]:
    """The port of the llama.cpp server, which runs."""
    if not llama.SUPPORTED:
        pytest.skip(llama.UNSUPPORTED)
    try:
        with llama.running(folder, llama_address):
            yield llama_address
    except NotStarted as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def proxy(folder: Path, llama_address: int) -> Iterator[Proxy]:
    """The LiteLLM proxy; its model `llama` needs the llama.cpp server, the others do not."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = [str(folder / "venv" / "bin" / "litellm"), "--config", str(folder / "litellm.yaml")]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    env = os.environ | {LLAMA_BASE: f"http://127.0.0.1:{llama_address}/v1"}
    try:
        with started(command, health=f"{base}/health/liveliness", log=folder / "server.log", env=env):
            yield Proxy(f"{base}/v1", (folder / "key").read_text())
    except NotStarted as error:
        pytest.fail(str(error))
