"""Four processes writing and reading one history for a minute: what each gets done, how long it waits, what is lost.

python -m benchmarks.store_shared [SECONDS [PROCESSES]]
"""

from __future__ import annotations

import multiprocessing
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from holytui.errors import HolytuiError
from holytui.ids import new_id
from holytui.models import AnswerState, Attempt, DeltaKind, Role
from holytui.store.sqlite.history import SqliteHistory

T = TypeVar("T")

SECONDS = 60.0
PROCESSES = 4
WORDS = 60
"""Journalled for each answer, all at once."""


@dataclass(slots=True)
class Done:
    """What one process did; times in seconds."""

    process: int
    answers: int = 0
    reads: int = 0
    writes: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    views: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def share(path: Path, seconds: float, processes: int) -> list[Done]:
    """Let so many processes work on the history at `path`."""
    SqliteHistory(path).close()
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    workers = [context.Process(target=_work, args=(path, number, seconds, results)) for number in range(processes)]
    for worker in workers:
        worker.start()
    done = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    results.close()
    return done


def _work(path: Path, number: int, seconds: float, results: multiprocessing.SimpleQueue[Done]) -> None:
    done = Done(number)
    try:
        with SqliteHistory(path) as history:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                _once(history, done)
    except HolytuiError as error:
        done.errors.append(str(error))
    results.put(done)


def text_of(process: int, answer: int) -> str:
    """The answer that a process gives at its nth turn."""
    return "".join(f"p{process}a{answer}w{word} " for word in range(WORDS))


def _once(history: SqliteHistory, done: Done) -> None:
    """A conversation with one answer, and a look at what the others do."""
    talk = _timed(lambda: history.create_conversation(title=f"of {done.process}"), done.writes)
    question = _timed(lambda: history.add_message(talk.id, Role.USER, "Why?", parent_id=None), done.writes)
    answer = _timed(
        lambda: history.add_message(
            talk.id, Role.ASSISTANT, "", parent_id=question.id, model="a/b", state=AnswerState.STREAMING
        ),
        done.writes,
    )
    attempt = Attempt(new_id(), answer.id, 1, time.time())
    history.begin_attempt(attempt)
    text = text_of(done.process, done.answers)
    for word in text.split():
        history.journal(attempt.id, DeltaKind.CONTENT, word + " ")
    history.flush()
    _timed(lambda: history.finish(replace(answer, text=text, state=AnswerState.COMPLETE)), done.ends)
    done.answers += 1
    found = _timed(history.conversations, done.views)
    shown = _timed(lambda: history.branch(found[-1].id), done.views)
    done.reads += len(shown)


def _timed(use: Callable[[], T], times: list[float]) -> T:
    began = time.perf_counter()
    value = use()
    times.append(time.perf_counter() - began)
    return value


def lost(path: Path, done: list[Done]) -> int:
    """Answers that were finished and are not in the file as they were given. Raises AssertionError for a bad file."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        kept = {row[0] for row in connection.execute("SELECT text FROM message WHERE state = 'complete'")}
        raw = {row[0] for row in connection.execute("SELECT text FROM delta")}
    given = {text_of(each.process, number) for each in done for number in range(each.answers)}
    return len(given - kept) + len(given - raw)


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else PROCESSES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        done = share(path, seconds, processes)
        print(f"{processes} processes, {seconds:.0f} s, {path.stat().st_size / 1e6:.0f} MB")
        print(f"{sum(each.answers for each in done):,} answers, {sum(each.reads for each in done):,} messages read")
        print(f"errors: {sum(len(each.errors) for each in done)} · lost: {lost(path, done)}")
    for name in ("writes", "ends", "views"):
        times = [each for one in done for each in getattr(one, name)]
        p95 = statistics.quantiles(times, n=20)[-1]
        print(
            f"{name:<8} median {statistics.median(times) * 1e3:6.1f} ms   p95 {p95 * 1e3:6.1f} ms"
            f"   longest {max(times) * 1e3:6.0f} ms"
        )
    for each in done:
        for error in each.errors:
            print(error)


if __name__ == "__main__":
    main()
