"""Histories in a folder of the test's own; each one that a test opens is closed after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from holytui.errors import StoreError
from holytui.store.sqlite.history import SqliteHistory

Opener = Callable[..., SqliteHistory]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


@pytest.fixture
def opener(path: Path) -> Iterator[Opener]:
    opened: list[SqliteHistory] = []

    def open_history(where: Path = path, **options: object) -> SqliteHistory:
        opened.append(SqliteHistory(where, **options))  # type: ignore[arg-type]  # options are the test's own
        return opened[-1]

    yield open_history
    for history in opened:
        with suppress(StoreError):
            history.close()


@pytest.fixture
def history(opener: Opener) -> SqliteHistory:
    return opener()
