"""The conformance tests of `Replica`, with all that is read from a history taken through the database.

`changes` pushes to a shared history of its own, from which an empty history pulls; that one answers. So what one host
writes is read back as another host would have it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from holytui.errors import StoreError
from holytui.store.postgres import schema
from holytui.store.postgres.connection import connect
from holytui.store.postgres.database import SharedDatabase
from holytui.store.postgres.exchange import SharedExchange
from holytui.store.replica.clock import Vector
from holytui.store.replica.records import Batch, TransferCursor
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.sqlite.replica import SqliteReplica
from tests.store.conformance.conftest import Opener
from tests.store.conformance.test_replica import *  # noqa: F403 - its tests run here too
from tests.store.postgres.conftest import execute

# the second half of a cut transfer has what came meanwhile, but only its own host may claim that; the copy is another
del test_a_cut_transfer_goes_on_where_it_was  # noqa: F821 - imported above


class PairedReplica(SqliteReplica):
    """The replica of a history, read through a shared one."""

    own: SqliteReplica
    push: SharedExchange
    pull: SharedExchange
    copy: SqliteHistory

    def changes(self, since: Vector, cursor: TransferCursor | None = None, *, limit: int = 500) -> Batch:
        if cursor is not None and not cursor.claims:  # a range of stamps
            return super().changes(since, cursor, limit=limit)
        self.push.push()
        self.pull.pull()
        return self.copy.replica.changes(since, cursor, limit=limit)


class PairedHistory(SqliteHistory):
    """A history whose changes are read through the database."""

    paired: PairedReplica | None = None

    @property
    def replica(self) -> SqliteReplica:
        return self.paired or super().replica

    def pair(self, databases: tuple[SharedDatabase, SharedDatabase], copy: SqliteHistory) -> None:
        """Have `replica` read through `databases`, two connections to one shared history."""
        own = super().replica
        paired = PairedReplica(self._writer, self._readers, self._here, self._clock, fts=self._fts)
        paired.push = SharedExchange(self, own, databases[0], "paired")
        paired.pull = SharedExchange(copy, copy.replica, databases[1], "paired")
        paired.copy = copy
        self.paired = paired


Pairs = Callable[[int], tuple[SharedDatabase, SharedDatabase]]


@pytest.fixture(scope="module")
def pairs(server: str, worker_name: str) -> Iterator[Pairs]:
    """Two connections to each of several shared histories, which are empty."""
    with ExitStack() as stack:
        made: dict[int, tuple[SharedDatabase, SharedDatabase]] = {}

        def pair(number: int) -> tuple[SharedDatabase, SharedDatabase]:
            if number not in made:
                one, two = (SharedDatabase(connect(server), f"paired_{worker_name}_{number}") for _ in range(2))
                stack.callback(one.close)
                stack.callback(two.close)
                made[number] = one, two
            for table in schema.TABLES:
                execute(made[number][0], f"DELETE FROM {table}")
            return made[number]

        yield pair


@pytest.fixture
def opener(pairs: Pairs, tmp_path: Path) -> Iterator[Opener]:
    opened: dict[str, list[SqliteHistory]] = {}

    def open_history(name: str = "one", *, clock: Callable[[], float] = time.time) -> SqliteHistory:
        history = PairedHistory(tmp_path / name / "history.db", clock=clock)
        copy = SqliteHistory(tmp_path / f"{name} copy" / "history.db", clock=clock)
        history.pair(pairs(len(opened)), copy)
        opened[name] = [history, copy]
        return history

    yield open_history
    for histories in opened.values():
        for history in histories:
            with suppress(StoreError):
                history.close()
