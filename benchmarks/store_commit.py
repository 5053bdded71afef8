"""What the journal costs while an answer streams, and how fast a large history opens and lists."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from holytui.ids import new_id
from holytui.models import AnswerState, Attempt, DeltaKind, Role
from holytui.store.sqlite.history import SqliteHistory

DELTAS = 20_000
COMMITS = 300
CONVERSATIONS = 10_000


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [*streaming(Path(folder) / "stream.db"), *large(Path(folder) / "large.db")]
    print(f"{'what':<52}{'median':>12}{'p95':>12}")
    for name, times in rows:
        p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        print(f"{name:<52}{statistics.median(times) * 1000:>9.3f} ms{p95 * 1000:>9.3f} ms")


def timed(use: Callable[[], object], count: int) -> list[float]:
    """Seconds of each of `count` calls."""
    times = []
    for _ in range(count):
        start = time.perf_counter()
        use()
        times.append(time.perf_counter() - start)
    return times


def streaming(path: Path) -> list[tuple[str, list[float]]]:
    """One long answer, journalled delta by delta."""
    with SqliteHistory(path) as history:
        talk = history.create_conversation(title="t")
        answer = history.add_message(
            talk.id, Role.ASSISTANT, "", parent_id=None, state=AnswerState.STREAMING, model="a/b"
        )
        attempt = Attempt(new_id(), answer.id, 1, time.time())
        history.begin_attempt(attempt)

        def journal() -> None:
            history.journal(attempt.id, DeltaKind.CONTENT, "từ ")

        def commit() -> None:
            for _ in range(25):
                journal()
            history.flush()

        cpu = time.process_time()
        deltas = timed(journal, DELTAS)
        history.flush()
        cpu = (time.process_time() - cpu) / DELTAS
        commits = timed(commit, COMMITS)
        reads = timed(lambda: history.message(answer.id), 20)
        found = history.message(answer.id)
        assert found is not None
        ends = timed(lambda: history.finish(replace(found, state=AnswerState.COMPLETE)), 1)
        questions = timed(lambda: history.add_message(talk.id, Role.USER, "Why?", parent_id=answer.id), 100)
    return [
        ("one delta journalled (as the engine sees it)", deltas),
        ("one delta, CPU in all, with its share of commits", [cpu]),
        ("a commit of 25 deltas (a quarter second), waited for", commits),
        (f"the text of an answer on its way ({len(found.text):,} characters)", reads),
        ("its end: merged, indexed, fsynced", ends),
        ("a question, fsynced", questions),
    ]


def large(path: Path) -> list[tuple[str, list[float]]]:
    """A history of many conversations."""
    with SqliteHistory(path) as history:

        def fill(number: int) -> None:
            talk = history.create_conversation(title=f"Conversation number {number} about something")
            history.add_message(talk.id, Role.USER, "What is it? " * 20, parent_id=None)

        start = time.perf_counter()
        for number in range(CONVERSATIONS):
            fill(number)
        filled = (time.perf_counter() - start) / CONVERSATIONS

    def open_and_list() -> None:
        with SqliteHistory.open(path) as history:
            assert len(history.conversations()) == CONVERSATIONS

    def only_open() -> None:
        SqliteHistory.open(path).close()

    opened = timed(only_open, 10)
    both = timed(open_and_list, 10)
    with SqliteHistory.open(path) as history:
        lists = timed(history.conversations, 10)
        versions = timed(history.version, 1000)
    return [
        ("a new conversation and its question", [filled]),
        (f"open and close ({path.stat().st_size / 1e6:.0f} MB)", opened),
        (f"open, list {CONVERSATIONS:,} conversations, close", both),
        (f"list {CONVERSATIONS:,} conversations", lists),
        ("has anyone written? (version)", versions),
    ]


if __name__ == "__main__":
    main()
