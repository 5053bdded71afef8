"""Import of a large `conversations.json` as ChatGPT exports it: how fast, with how much memory, and how long an answer
that streams in another process at the same time waits for its commits.

python -m benchmarks.store_import [MEGABYTES]
"""

from __future__ import annotations

import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.store_search import CODE, ENGLISH, VIETNAMESE
from holytui.ids import new_id
from holytui.models import AnswerState, Attempt, DeltaKind, Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.transfer.transfer import Format, export_file, import_file

MEGABYTES = 100
MESSAGES = 16
WORDS = (20, 400)


def main() -> None:
    """Print the table."""
    size = float(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "conversations.json"
        write(source, size * 1e6)
        print(f"{'what':<28}{'seconds':>9}{'MB/s':>8}{'messages/s':>12}{'peak memory':>13}")
        with SqliteHistory(folder / "history.db") as history:
            with streaming(folder / "history.db") as waits:
                measure("import", history, source)
            print(f"{'  longest commit of an answer':<28}{max(waits):>9.2f}")
            measure("the same file again", history, source)
            began = time.perf_counter()
            out = folder / "all.jsonl"
            count = export_file(history, [one.id for one in history.conversations()], Format.JSONL, out)
            row("export as JSON lines", out, time.perf_counter() - began, count * MESSAGES)
        with SqliteHistory(folder / "other.db") as other:
            measure("import of JSON lines", other, out)


@contextmanager
def streaming(path: Path) -> Iterator[list[float]]:
    """An answer streams in a process of its own; the list has the seconds of each of its commits afterwards."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=stream, args=(path, theirs), daemon=True)
    process.start()
    ours.recv()
    waits: list[float] = []
    yield waits
    ours.send("end")
    waits += ours.recv()
    process.join()


def stream(path: Path, pipe: Connection) -> None:
    """Commit a word twenty times a second until told to end."""
    with SqliteHistory(path) as history:
        talk = history.create_conversation(title="streamed").id
        answer = history.add_message(talk, Role.ASSISTANT, "", parent_id=None, state=AnswerState.STREAMING)
        history.begin_attempt(Attempt(new_id(), answer.id, 1, time.time()))
        (attempt,) = history.attempts(answer.id)
        pipe.send("begun")
        waits: list[float] = []
        while not pipe.poll(0.05):
            began = time.perf_counter()
            history.journal(attempt.id, DeltaKind.CONTENT, "word ")
            history.flush()
            waits.append(time.perf_counter() - began)
        pipe.send(waits)


def measure(name: str, history: SqliteHistory, source: Path) -> None:
    """One import."""
    began = time.perf_counter()
    done = import_file(history, source, lambda _done: None)
    assert not done.skipped
    row(name, source, time.perf_counter() - began, done.entries * MESSAGES)


def row(name: str, file: Path, seconds: float, messages: int) -> None:
    """A line of the table."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate = file.stat().st_size / 1e6 / seconds
    print(f"{name:<28}{seconds:>9.1f}{rate:>8.1f}{messages / seconds:>12,.0f}{peak:>10.0f} MB")


def write(path: Path, size: float) -> None:
    """A file of about `size` bytes, its trees with a branch in each."""
    chance = random.Random(1)
    pools = [words.split() for words in (VIETNAMESE, ENGLISH, CODE)]
    number = 0
    with path.open("w", encoding="utf-8") as out:
        while out.tell() < size:
            out.write("," if number else "[")
            json.dump(conversation(number, chance, pools), out)
            number += 1
        out.write("]")


def conversation(number: int, chance: random.Random, pools: list[list[str]]) -> dict[str, Any]:
    """One entry of the file."""
    nodes: dict[str, Any] = {"root": {"id": "root", "parent": None, "message": None}}
    for index in range(MESSAGES):
        text = " ".join(chance.choices(chance.choice(pools), k=chance.randint(*WORDS)))
        # the last two are a second answer and what was asked after it
        parent = "root" if index == 0 else f"n{index - 1}" if index != MESSAGES - 2 else f"n{MESSAGES - 5}"
        role = "user" if index % 2 == 0 else "assistant"
        content = {"content_type": "text", "parts": [text]}
        message = {"author": {"role": role}, "content": content, "create_time": 1.7e9 + index}
        nodes[f"n{index}"] = {"id": f"n{index}", "parent": parent, "message": message}
    title = " ".join(chance.choices(pools[0], k=6))
    return {
        "id": f"talk-{number}",
        "title": title,
        "create_time": 1.7e9 + number,
        "update_time": 1.7e9 + number + 60,
        "mapping": nodes,
        "current_node": f"n{MESSAGES - 1}",
    }


if __name__ == "__main__":
    main()
