"""The histories that the conformance tests run on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from holytui.store.history import History
from holytui.store.sqlite.history import SqliteHistory

Factory = Callable[[Path, str, Callable[[], float]], History]
"""Opens the history of a name, whose data are in or identified by a folder; a second call opens the same data again.

The last argument is its clock, in Unix time.
"""


def _sqlite(folder: Path, name: str, clock: Callable[[], float]) -> History:
    return SqliteHistory(folder / name / "history.db", clock=clock)


HISTORIES: dict[str, Factory] = {"sqlite": _sqlite}
