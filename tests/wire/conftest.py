"""A client that closes its connections when the test ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holytui.wire.client import ChatClient
from tests.wire.harness import self_signed


@pytest.fixture
def client() -> Iterator[ChatClient]:
    client = ChatClient()
    yield client
    client.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    return self_signed(tmp_path / "cert.pem")
