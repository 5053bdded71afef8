"""The figures of 200,000 messages: what the details screen asks for, and bringing an older file up to date."""

from __future__ import annotations

import json
import math
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from holytui.ids import new_id
from holytui.models import Usage
from holytui.store.sqlite import answer_stats
from holytui.store.sqlite.connect import connect, transaction
from holytui.store.sqlite.history import SqliteHistory

MESSAGES = 200_000
A_CONVERSATION = 20
DAYS = 30
A_DAY = 86_400.0
ROUNDS = 7
MODELS = ("holysheep/gpt-4", "openai/gpt-5-mini", "ollama/llama3.2", "guide/guide")


def main() -> None:
    """Print the table; a number as argument sets how many messages, all of the last 30 days."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        SqliteHistory(path).close()
        start = time.time() - DAYS * A_DAY
        talk = build(path, count, start)
        print(f"{count:,} messages in {DAYS} days, {path.stat().st_size / 1e6:.0f} MB")
        print(f"{'brought up to date in':<34}{fill(path):>9.1f} s")
        with SqliteHistory.open(path) as history:
            bounds = [start + number * A_DAY for number in range(DAYS + 2)]
            print(f"{'':<34}{'first':>11}{'p50':>11}{'most':>11}")
            measure("days and models, 30 days", lambda: history.usage_totals(bounds))
            measure("one conversation in all", lambda: history.usage_totals((0.0, math.inf), talk))
            measure("the last 120 answers of all", lambda: history.last_answers(120))
            measure("the last 120 of a conversation", lambda: history.last_answers(120, talk))


def measure(name: str, ask: Callable[[], object]) -> None:
    """A row."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        ask()
        times.append((time.perf_counter() - start) * 1000)
    print(f"{name:<34}{times[0]:>8.1f} ms{statistics.median(times):>8.1f} ms{max(times):>8.1f} ms")


def fill(path: Path) -> float:
    """Seconds that the step from a file without figures takes."""
    with closing(connect(path, 5.0)) as connection:
        start = time.perf_counter()
        with transaction(connection):
            answer_stats.fill(connection)
        return time.perf_counter() - start


def build(path: Path, count: int, start: float) -> str:
    """Questions and answers straight into the tables; returns a conversation in the middle."""
    chance = random.Random(1)
    connection: sqlite3.Connection = connect(path, 5.0)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    talks: list[str] = []
    parent = None
    for number in range(count):
        at = start + DAYS * A_DAY * number / count
        if number % A_CONVERSATION == 0:
            talks.append(new_id())
            parent = None
            row = talks[-1], f"Talk {number}", at, at
            connection.execute("INSERT INTO conversation (id, title, created_at, updated_at) VALUES (?, ?, ?, ?)", row)
        parent = add(connection, talks[-1], parent, at, chance, answer=number % 2 == 1)
    connection.execute("COMMIT")
    connection.close()
    return talks[len(talks) // 2]


def add(
    connection: sqlite3.Connection, talk: str, parent: str | None, at: float, chance: random.Random, *, answer: bool
) -> str:
    """One message of 100 to 2,000 characters, an answer with an attempt; returns its id."""
    message, text = new_id(), "words " * chance.randint(16, 330)
    usage = json.dumps(asdict(Usage(chance.randint(10, 9000), chance.randint(10, 900)))) if answer else None
    connection.execute(
        "INSERT INTO message (id, conversation_id, parent_id, role, text, created_at, model, state, usage, duration_s,"
        " first_token_s) VALUES (?, ?, ?, ?, ?, ?, ?, 'complete', ?, 3.5, 0.5)",
        (
            *(message, talk, parent, "assistant" if answer else "user", text, at),
            *(chance.choice(MODELS) if answer else "", usage),
        ),
    )
    if answer:
        connection.execute(
            'INSERT INTO attempt (id, message_id, number, started_at, "join", keep, cut, resumed_by, bytes_received,'
            " finish_reason) VALUES (?, ?, 1, ?, 'first', -1, 0, '', 900, 'stop')",
            (new_id(), message, at),
        )
    return message


if __name__ == "__main__":
    main()
