"""Histories of several hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holytui.store.sqlite.history import SqliteHistory

OpenHistory = Callable[[str], SqliteHistory]


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[OpenHistory]:
    opened: list[SqliteHistory] = []

    def open_history(name: str) -> SqliteHistory:
        opened.append(SqliteHistory(tmp_path / name / "history.db"))
        return opened[-1]

    yield open_history
    for history in opened:
        history.close()
