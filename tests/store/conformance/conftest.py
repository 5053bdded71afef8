"""Each test gets an opener of histories of one kind; it closes them after the test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import pytest

from holytui.errors import StoreError
from holytui.store.history import History
from tests.store.conformance.factories import HISTORIES


class Opener(Protocol):
    """Opens a history, with the same data for each call with the same name."""

    def __call__(self, name: str = "one", *, clock: Callable[[], float] = time.time) -> History: ...


@pytest.fixture(params=HISTORIES)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    opened: list[History] = []

    def open_history(name: str = "one", *, clock: Callable[[], float] = time.time) -> History:
        opened.append(HISTORIES[request.param](tmp_path, name, clock))
        return opened[-1]

    yield open_history
    for history in opened:
        with suppress(StoreError):
            history.close()


@pytest.fixture
def history(opener: Opener) -> History:
    return opener()
