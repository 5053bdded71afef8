"""Five hosts that share one history, with partitions and kills: in the end all are equal, and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from holytui.errors import SharingFailed
from holytui.store.postgres.database import SharedDatabase
from holytui.store.postgres.exchange import SharedExchange
from holytui.store.sqlite.history import SqliteHistory
from tests.store.postgres.conftest import OpenShared
from tests.store.test_replica_random import Hosts, messages_of, state_of


class Breaking:
    """A connection that is lost after some calls, before or after the last one was carried out."""

    def __init__(self, database: SharedDatabase, calls: int, *, carried_out: bool) -> None:
        self._database = database
        self._left = calls
        self._carried_out = carried_out

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._database, name)
        return self._break(found) if callable(found) else found

    def _break(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def breaking(*values: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._carried_out:
                raise SharingFailed("cut")
            found = call(*values)
            if self._left == 0:
                raise SharingFailed("cut")
            return found

        return breaking


class SharedHosts(Hosts):
    """Hosts that meet only in the database, some of them partitioned from it."""

    def __init__(self, folder: Path, choose: random.Random, number: int, open_shared: OpenShared) -> None:
        super().__init__(folder, choose, number)
        self._random = choose
        self._databases = {id(history): open_shared() for history in self.histories}
        self._away: set[int] = set()

    def _meet(self, here: SqliteHistory, there: SqliteHistory, how: str) -> None:
        database: Any = self._databases[id(here)]
        if self._random.random() < 0.2:  # the network of this host goes, or comes back
            self._away ^= {id(here)}
        if id(here) in self._away:
            return
        if how != "pull":  # the process is killed, or the connection lost, in the middle
            database = Breaking(database, self._random.randint(1, 5), carried_out=self._random.random() < 0.5)
        with suppress(SharingFailed):
            self._exchange(here, database)

    @staticmethod
    def _exchange(here: SqliteHistory, database: Any) -> bool:
        exchange = SharedExchange(here, here.replica, database, "test")
        before = here.replica.digest()
        pending = exchange.pending()
        exchange.run()
        exchange.show_progress(beat=True)
        return bool(pending) or before != here.replica.digest()

    def meet_all(self) -> None:
        rounds, going = 0, True
        while going:
            news = [self._exchange(each, self._databases[id(each)]) for each in self.histories]
            going = any(news)
            rounds += 1
            assert rounds < 10


def check(folder: Path, open_shared: OpenShared, seed: int, steps: int) -> None:
    hosts = SharedHosts(folder, random.Random(seed), 5, open_shared)
    try:
        for _ in range(steps):
            hosts.step()
        hosts.meet_all()
        first, *others = map(state_of, hosts.histories)
        for other in others:
            assert other == first
        history = hosts.histories[0]
        for text, talk in hosts.written.items():
            found = messages_of(history, talk)
            assert text in found.values() or (text in hosts.seen_deleted and not found)
    finally:
        hosts.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_five_hosts_are_equal_and_nothing_is_lost(tmp_path: Path, shared: OpenShared, seed: int) -> None:
    check(tmp_path, shared, seed, 60)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(60))
def test_five_hosts_are_equal_after_many_changes(tmp_path: Path, shared: OpenShared, seed: int) -> None:
    check(tmp_path, shared, 1000 + seed, 400)
