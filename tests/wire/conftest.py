"""A client that closes its connections when the test ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holytui.wire.client import ChatClient


@pytest.fixture
def client() -> Iterator[ChatClient]:
    client = ChatClient()
    yield client
    client.close()
