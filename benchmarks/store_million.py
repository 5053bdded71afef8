"""A history of a million messages in 20,000 conversations: what of it a user waits for.

    python -m benchmarks.store_million [MESSAGES] [--keep FOLDER]

With `--keep`, the history stays in a folder, and a second run measures the one that is there. Making it takes some
minutes and about 3 GB. Without a cache of the file system the first time of each is longer.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.far_end import FarEnd
from benchmarks.store_search import build
from benchmarks.terminal import PROMPT, environment
from holytui.store.sqlite.compact import size
from holytui.store.sqlite.history import SqliteHistory

MESSAGES = 1_000_000
A_CONVERSATION = 50
ROUNDS = 5
QUERIES = {
    "a rare word": "zebra4321",
    "a common word": "không",
    "two common words": "language model",
    "two that never meet": "đường language",
    "an absent word of common parts": "thenotare",
    "two characters": "go",
    "two characters, absent": "中文",
}
CONFIG = """
default_model = "guide/guide"
[ui]
sidebar = true
"""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages", nargs="?", type=int, default=MESSAGES)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        (folder / "data").mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "data" / "history.db"
        if not path.exists():
            SqliteHistory(path).close()
            began = time.perf_counter()
            build(path, options.messages, A_CONVERSATION)
            print(f"made in {time.perf_counter() - began:.0f} s")
        measure(path)
        first_paint(folder)


def measure(path: Path) -> None:
    """Each figure of the file at `path`; the memory of the process is told as it grows."""
    with closing(sqlite3.connect(path)) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {one}").fetchone()[0] for one in ("message", "conversation")
        ]
    print(f"{counts[0]:,} messages in {counts[1]:,} conversations, {size(path) / 1e6:,.0f} MB\n")
    print(f"{'':<34}{'first':>11}{'p50':>11}{'most':>11}{'memory':>10}")

    def opened() -> None:
        SqliteHistory.open(path).close()

    row("open the history", opened)
    with SqliteHistory.open(path) as history:
        row("list the conversations", history.conversations)
        talks = history.conversations()
        middle = talks[len(talks) // 2].id
        row("open a conversation", lambda: history.branch(middle))
        for name, query in QUERIES.items():
            row(f"search {name}", lambda query=query: history.search(query))  # type: ignore[misc]  # bound at once
        row("search one conversation", lambda: history.search("model", conversation_id=middle))


def row(name: str, ask: Callable[[], object]) -> None:
    """A row: the first time, and the next ones."""
    times = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    later = times[1:]
    print(f"{name:<34}{times[0]:>8.1f} ms{statistics.median(later):>8.1f} ms{max(later):>8.1f} ms{peak:>7.0f} MB")


def first_paint(folder: Path) -> None:
    """The real program in a terminal, from its start to its prompt, beside one with an empty history."""
    (folder / "config.toml").write_text(CONFIG)
    (folder / "config.toml").chmod(0o600)
    with tempfile.TemporaryDirectory() as empty:
        for name, home in (("this history", folder), ("an empty history", Path(empty))):
            times = [to_prompt(home, folder / "config.toml") for _ in range(3)]
            print(f"from start to prompt, {name:<20}{min(times):>8.2f} s")


def to_prompt(home: Path, config: Path) -> float:
    """Seconds."""
    began = time.perf_counter()
    with FarEnd([sys.executable, "-m", "holytui", "--config", str(config)], environment(home, "256"), (120, 40)) as far:
        far.wait_until(lambda: PROMPT in far.text)
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
