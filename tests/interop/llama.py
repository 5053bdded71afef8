"""The llama.cpp server in the folder that `make interop` set up: where its parts are, and how it is started."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop.launch import started

SUPPORTED = sys.platform == "linux" and platform.machine() == "x86_64"
"""There is a prebuilt server for this machine."""
UNSUPPORTED = "the Python package index has no prebuilt llama-server for this machine"
ALIAS = "qwen"
"""The name of its model."""


def binaries(folder: Path) -> Path:
    """The folder with `llama-server` and its libraries."""
    return folder / "llama" / "bin"


def model(folder: Path) -> Path:
    """The model's file."""
    return folder / "llama" / "model.gguf"


@contextmanager
def running(folder: Path, port: int, *options: str) -> Iterator[None]:
    """The server, listening on `port` of the loopback until the block ends; `options` are added. Raises NotStarted."""
    place = binaries(folder)
    command = [str(place / "llama-server"), "--model", str(model(folder)), "--alias", ALIAS]
    # one request at a time, as several in one batch change the numbers, and so now and then a word
    command += ["--host", "127.0.0.1", "--port", str(port), "--parallel", "1", "-c", "8192", "-t", "1"]
    command += ["--metrics", *options]
    env = os.environ | {"LD_LIBRARY_PATH": str(place)}
    with started(command, health=f"http://127.0.0.1:{port}/health", log=folder / "llama.log", env=env):
        yield
