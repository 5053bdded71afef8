"""Random histories on two to five hosts that meet at random: in the end all are equal, and nothing is lost."""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from holytui.models import AnswerState, Join
from holytui.store.replica.records import Batch
from holytui.store.sqlite.history import SqliteHistory
from tests.store.samples import CONTENT, ask, attempt_for

DAY = 86400.0
STEPS = ("create", "answer", "answer", "cut", "continue", "continue", "rename", "pin", "show", "delete", "restore")
MEETINGS = ("pull", "pull", "cut pull", "old batch")


class Hosts:
    """Some hosts of one history, and the texts that were written on them."""

    def __init__(self, folder: Path, choose: random.Random, number: int) -> None:
        self._choose = choose
        self._folder = folder
        self._time = itertools.count(1.0)
        self._open = ExitStack()
        offsets = [choose.uniform(-3 * DAY, 3 * DAY) for _ in range(number)]
        self.histories = [self._history(str(at), 1e9 + offset) for at, offset in enumerate(offsets)]
        self._texts = (f"text {number}" for number in itertools.count())
        self.written: dict[str, str] = {}
        """Conversations by the final texts that must exist."""
        self.seen_deleted: set[str] = set()
        """Texts that some deletion had seen."""
        self._batches: list[Batch] = []

    def _history(self, name: str, offset: float) -> SqliteHistory:
        history = SqliteHistory(self._folder / name / "history.db", clock=lambda: offset + next(self._time))
        return self._open.enter_context(history)

    def close(self) -> None:
        self._open.close()

    def step(self) -> None:
        history = self._choose.choice(self.histories)
        if self._choose.random() < 0.4:
            other = self._choose.choice([each for each in self.histories if each is not history])
            self._meet(history, other, self._choose.choice(MEETINGS))
        else:
            self._change(history, self._choose.choice(STEPS))

    def _meet(self, here: SqliteHistory, there: SqliteHistory, how: str) -> None:
        if how == "old batch":
            if self._batches:
                here.replica.apply(replace(self._choose.choice(self._batches), complete=False))
            return
        for part in pull(here, there, self._choose.randint(1, 9)):
            self._batches.append(part)
            if how == "cut pull" and self._choose.random() < 0.3:
                return

    def _change(self, history: SqliteHistory, step: str) -> None:
        talks = history.conversations()
        if step == "create" or not talks:
            history.create_conversation(title=next(self._texts))
            return
        talk = self._choose.choice(talks).id
        match step:
            case "answer" | "cut":
                self._ask(history, talk, finish=step == "answer")
            case "continue":
                self._continue(history, talk)
            case "rename":
                history.update_conversation(talk, title=next(self._texts))
            case "pin":
                history.update_conversation(talk, pinned=self._choose.random() < 0.5)
            case "show":
                if found := messages_of(history, talk):
                    history.update_conversation(talk, leaf_id=self._choose.choice(sorted(found)))
            case "delete":
                self.seen_deleted |= set(messages_of(history, talk).values())
                history.delete_conversation(talk)
            case "restore":
                if deleted := history.deleted_conversations():
                    history.restore_conversation(self._choose.choice(deleted).id)

    def _ask(self, history: SqliteHistory, talk: str, *, finish: bool) -> None:
        question, text = next(self._texts), next(self._texts)
        asked = ask(history, question, talk)
        history.set_state(asked.answer.id, AnswerState.STREAMING)
        history.journal(asked.attempt.id, CONTENT, text)
        history.set_state(asked.answer.id, AnswerState.COMPLETE if finish else AnswerState.INTERRUPTED)
        self.written |= {question: talk}
        if finish:
            self.written[text] = talk

    def _continue(self, history: SqliteHistory, talk: str) -> None:
        bundle = history.bundle(talk)
        assert bundle is not None
        cut = [each for each in bundle.messages if each.state is AnswerState.INTERRUPTED]
        if not cut:
            return
        message = self._choose.choice(cut)
        attempt = attempt_for(message.id, message.attempts + 1, Join.EXACT)
        history.begin_attempt(attempt)
        history.set_state(message.id, AnswerState.STREAMING)
        more = next(self._texts)
        history.journal(attempt.id, CONTENT, f", {more}")
        final = self._choose.random() < 0.7
        history.set_state(message.id, AnswerState.COMPLETE if final else AnswerState.INTERRUPTED)
        if final:
            self.written[f"{message.text}, {more}"] = talk

    def meet_all(self) -> None:
        pairs = list(itertools.permutations(self.histories, 2))
        for _round in range(10):
            parts = [part for here, there in pairs for part in pull(here, there, 500)]
            if not any(part.messages or part.conversations for part in parts):
                return
        raise AssertionError("the hosts never have the same")


def pull(here: SqliteHistory, there: SqliteHistory, limit: int) -> Iterator[Batch]:
    since, cursor = here.replica.vector(), None
    while True:
        part = there.replica.changes(since, cursor, limit=limit)
        here.replica.apply(part)
        yield part
        if part.complete:
            return
        cursor = part.cursor


def messages_of(history: SqliteHistory, talk: str) -> dict[str, str]:
    bundle = history.bundle(talk)
    return {} if bundle is None else {each.id: each.text for each in bundle.messages}


def state_of(history: SqliteHistory) -> object:
    bundles = {talk.id: history.bundle(talk.id) for talk in history.conversations()}
    return bundles, history.replica.digest()


def check(seed: int, number: int, steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        hosts = Hosts(Path(folder), random.Random(seed), number)
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


HOSTS = st.integers(2, 5)
SEEDS = st.integers(0, 1 << 32)


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(seed=SEEDS, number=HOSTS, steps=st.just(30))
@example(1182, 4, 52)  # each failed once: deletions and their undoing in turns, versions with equal texts
@example(1671, 5, 61)
@example(5071, 5, 131)
@example(5082, 4, 142)
def test_hosts_that_meet_are_equal_and_nothing_is_lost(seed: int, number: int, steps: int) -> None:
    check(seed, number, steps)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=SEEDS, number=HOSTS, steps=st.integers(10, 120))
def test_hosts_that_meet_are_equal_after_many_changes(seed: int, number: int, steps: int) -> None:
    check(seed, number, steps)
