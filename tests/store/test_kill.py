from __future__ import annotations

import hashlib
import multiprocessing
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from holytui.models import AnswerState, Role
from holytui.store.sqlite.history import SqliteHistory
from tests.store.conftest import Opener
from tests.store.killed_child import A_FILE, KINDS, main, word
from tests.store.samples import MESSAGES

ROUNDS = 32
"""With two processes killed in each."""
MAX_REPORTS = {"streaming": 100, "editing": 40, "deleting": 60, "importing": 6, "attaching": 40, "compacting": 4}


@dataclass(slots=True)
class Child:
    """A process at work, and its reports."""

    kind: str
    seed: int
    process: ForkServerProcess
    pipe: Connection
    reports: list[tuple[Any, ...]] = field(default_factory=list)
    killed: bool = False

    def wait_for(self, count: int) -> None:
        """Receive until it has reported so many times."""
        while len(self.reports) < count:
            self.reports.append(self.pipe.recv())

    def wait_for_commit(self) -> None:
        """Receive from a streaming process until a commit has confirmed a word."""
        while len(self.reports) < 2 or self.reports[-1][1] == 0:
            self.reports.append(self.pipe.recv())

    def kill(self) -> None:
        self.killed = True
        self.process.kill()
        self.process.join()
        try:
            while self.pipe.poll():
                self.reports.append(self.pipe.recv())
        except EOFError:
            pass
        self.pipe.close()
        self.process.close()


@contextmanager
def at_work(kind: str, path: Path, seed: int) -> Iterator[Child]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "tests.store.killed_child"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=main, args=(kind, path, seed, theirs), daemon=True)
    process.start()
    theirs.close()
    child = Child(kind, seed, process, ours)
    try:
        yield child
    finally:
        if not child.killed:
            child.kill()


def check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_kill_at_any_time_loses_nothing(path: Path, opener: Opener) -> None:
    opener()  # so that no child is killed before there is a file
    chance = random.Random(7)
    killed: list[Child] = []
    for number in range(ROUNDS):
        kinds = chance.choices(list(KINDS), k=2)
        while "streaming" in kinds and "compacting" in kinds:  # which rightly keeps the file to itself for a while
            kinds = chance.choices(list(KINDS), k=2)
        with at_work(kinds[0], path, 2 * number) as one, at_work(kinds[1], path, 2 * number + 1) as two:
            for child in (one, two):
                child.wait_for(chance.randrange(MAX_REPORTS[child.kind]))
                if child.kind == "streaming" and chance.random() < 0.5:
                    child.wait_for_commit()  # else a short one might never have anything to lose
                child.kill()
                killed.append(child)
                check(path)
    assert len(killed) >= 60
    assert {child.kind for child in killed} == KINDS.keys()
    history = opener()
    cut = {message.id: message.text for message in history.unfinished()}
    checks = {"streaming": streamed, "editing": edited, "deleting": deleted, "importing": imported}
    checks |= {"attaching": attached, "compacting": lambda *_: None}
    for child in killed:
        checks[child.kind](history, child, cut)
    assert history.unfinished() == []
    check(path)


def streamed(history: SqliteHistory, child: Child, cut: dict[str, str]) -> None:
    """Every word whose commit the process knew of is there. No more is promised: when the next commit comes depends on
    the machine, and on the transaction of another process before it."""
    if not child.reports:
        return
    (answer_id,), *words = child.reports
    committed = max((committed for _count, committed in words), default=0)
    message = history.message(answer_id)
    assert message is not None
    assert message.state is AnswerState.INTERRUPTED
    assert message.problem is not None
    assert cut[answer_id] == message.text
    found = message.text.split()
    assert len(found) >= committed
    assert message.text == "".join(word(number) for number in range(len(found)))
    assert message.reasoning.startswith("".join(f"r{number} " for number in range(committed)))


def edited(history: SqliteHistory, child: Child, _cut: dict[str, str]) -> None:
    for message_id, parent_id, text in child.reports:
        message = history.message(message_id)
        assert message is not None
        assert (message.parent_id, message.text) == (parent_id, text)


def deleted(history: SqliteHistory, child: Child, _cut: dict[str, str]) -> None:
    seen = dict(child.reports)
    doubtful = 1  # the last thing done may not have been reported
    for conversation_id, here in seen.items():
        if (history.conversation(conversation_id) is not None) is not here:
            doubtful -= 1
        elif here:
            assert [message.text for message in history.branch(conversation_id)] == ["words " * 50]
    assert doubtful >= 0


def imported(history: SqliteHistory, child: Child, _cut: dict[str, str]) -> None:
    """All conversations of a file are there with all of their messages, or none is."""
    titles = {one.title: one.id for one in history.conversations()}
    known = [title for title in titles if title.startswith(f"imported {child.seed}-")]
    assert len(known) >= max((count for (count,) in child.reports), default=0)
    assert len(known) % A_FILE == 0
    for title in known:
        bundle = history.bundle(titles[title])
        assert bundle is not None
        assert len(bundle.messages) == len(history.branch(titles[title])) == MESSAGES


def attached(history: SqliteHistory, child: Child, _cut: dict[str, str]) -> None:
    """Every question that was not destroyed shows whole images."""
    for message_id, digests in dict(child.reports).items():
        message = history.message(message_id)
        if digests is None:
            continue
        assert message is not None
        assert [image.digest for image in message.images] == digests
        for digest in digests:
            assert hashlib.sha256(history.image(digest) or b"").hexdigest() == digest


def test_an_answer_of_a_living_process_is_left_alone_and_followed(path: Path, opener: Opener) -> None:
    history = opener()
    with at_work("streaming", path, 0) as child:
        child.wait_for(1)
        (answer_id,) = child.reports[0]
        while not ((message := history.message(answer_id)) and message.text):
            child.wait_for(len(child.reports) + 1)
        assert message.state is AnswerState.STREAMING
        assert history.unfinished() == []
        (listed,) = history.conversations()
        assert listed.streaming
        # meanwhile this process writes to the same conversation: a branch of its own
        question = history.variants(history.branch(listed.id)[0].id)[0]
        history.add_message(listed.id, Role.USER, "Meanwhile?", parent_id=question.parent_id)
    assert [each.text for each in history.variants(question.id)] == ["Why?", "Meanwhile?"]
    (cut,) = history.unfinished()
    assert cut.id == answer_id
    assert cut.text.startswith(message.text)
