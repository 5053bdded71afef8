"""A server of the test run, and databases in it that no other test uses."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from holytui.store.postgres.connection import connect
from holytui.store.postgres.database import SharedDatabase
from holytui.store.sqlite.history import SqliteHistory
from tests import postgres_server

OpenHistory = Callable[[str], SqliteHistory]
OpenShared = Callable[..., SharedDatabase]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server as its superuser."""
    programs = postgres_server.programs()
    if programs is None:
        pytest.skip(
            "no PostgreSQL here: install Debian's postgresql, or set HOLYTUI_POSTGRES to its folder of programs"
        )
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    with postgres_server.shared_server(programs, place) as url:
        yield url


@pytest.fixture(scope="session")
def worker_name() -> str:
    """Distinguishes the processes of a test run."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def execute(shared: SharedDatabase, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Run a statement on the connection of a shared history."""
    cursor = shared._db.execute(statement.encode(), values)
    return cursor.fetchall() if cursor.description else []


_NUMBERS = itertools.count()


@pytest.fixture
def schema_name() -> str:
    return f"test_{os.getpid()}_{next(_NUMBERS)}"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PG"):
            monkeypatch.delenv(name)


@pytest.fixture
def shared(server: str, schema_name: str) -> Iterator[OpenShared]:
    """Opens connections to one shared history; as another user by `user`."""
    with ExitStack() as stack:

        def open_shared(user: str = "holytui") -> SharedDatabase:
            database = SharedDatabase(connect(server.replace("holytui@", f"{user}@")), schema_name)
            stack.callback(database.close)
            return database

        yield open_shared


@pytest.fixture
def histories(tmp_path: Path) -> Iterator[OpenHistory]:
    """Opens histories by name."""
    with ExitStack() as stack:

        def open_history(name: str) -> SqliteHistory:
            return stack.enter_context(SqliteHistory(tmp_path / name / "history.db"))

        yield open_history
