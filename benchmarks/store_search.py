"""Search over 200,000 messages of mixed Vietnamese, English and code: the time of a query, by its kind."""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from holytui.ids import new_id
from holytui.store.matches import folded
from holytui.store.sqlite.connect import connect
from holytui.store.sqlite.history import SqliteHistory

MESSAGES = 200_000
A_CONVERSATION = 20
ROUNDS = 5
VIETNAMESE = (
    "tôi bạn là một của và có không được cho người trong khi này với các đã để những về như nhưng từ ra đến sau nếu vì "
    "đường phố nhà nước tiếng Việt ngôn ngữ học sinh thời gian chương trình máy tính dữ liệu hệ thống câu hỏi trả lời"
)
ENGLISH = (
    "the of and to in is you that it he was for on are with as his they at be this have from or one had by word but "
    "not what all were we when your can said there use an each which she do how their if will up other about out many "
    "function variable database network stream answer question model language terminal connection retry server"
)
CODE = (
    "def return import from class self None True for in if else: print( len( range( str int dict list async await "
    "x = y + 1 foo.bar() connection.execute( SELECT WHERE id = ?; git commit -m {} [] () => const let function()"
)
QUERIES = {
    "common word": ["the", "không", "return", "function", "khong"],
    "two words": ["tieng viet", "language model", "du lieu he thong", "connection retry"],
    "rare word": ["zebra77", "ngựa vằn 123", "q9x8z7"],
    "absent, of common parts": ["thenotare", "khongduocla", "returnimportself"],
    "phrase of code": ["connection.execute(", "git commit", "foo.bar()"],
    "one or two characters": ["đ", "go", "x"],
    "two characters, absent": ["中文"],
}


def main() -> None:
    """Print the table; a number as argument sets how many messages."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        SqliteHistory(path).close()
        start = time.perf_counter()
        build(path, count)
        print(f"{count:,} messages, {path.stat().st_size / 1e6:.0f} MB, built in {time.perf_counter() - start:.0f} s")
        with SqliteHistory.open(path) as history:
            measure(history)


def measure(history: SqliteHistory) -> None:
    """Each query some times; the first round warms the cache and is counted apart."""
    print(f"{'query':<28}{'first':>11}{'p50':>11}{'p95':>11}{'hits':>7}")
    everything: list[float] = []
    for kind, queries in QUERIES.items():
        first: list[float] = []
        times: list[float] = []
        hits = 0
        for turn in range(ROUNDS + 1):
            for query in queries:
                start = time.perf_counter()
                hits = max(hits, len(history.search(query)))
                (times if turn else first).append(time.perf_counter() - start)
        if "absent" not in kind or "parts" in kind:
            everything += times
        print(f"{kind:<28}{ms(max(first))}{ms(statistics.median(times))}{ms(p95(times))}{hits:>7}")
    print(f"{'all but the last':<28}{'':>11}{ms(statistics.median(everything))}{ms(p95(everything))}")


def ms(seconds: float) -> str:
    """Eleven columns."""
    return f"{seconds * 1000:>8.1f} ms"


def p95(times: list[float]) -> float:
    """The time that 95 of 100 stay below."""
    return statistics.quantiles(times, n=20)[-1]


def texts(count: int) -> Iterator[str]:
    """Texts of 15 to 150 words of one kind, some with a rare word."""
    chance = random.Random(1)
    languages = [words.split() for words in (VIETNAMESE, ENGLISH, CODE)]
    for number in range(count):
        words = chance.choice(languages)
        rare = [f"zebra{number % 5000}"] if number % 10 == 0 else []
        yield " ".join([*chance.choices(words, k=chance.randint(15, 150)), *rare])


def build(path: Path, count: int, a_conversation: int = A_CONVERSATION) -> None:
    """Write the messages straight into the tables, as doing it one by one would take an hour."""
    plain = {word: folded(word) for word in f"{VIETNAMESE} {ENGLISH} {CODE}".split()}
    connection: sqlite3.Connection = connect(path, 5.0)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    talk, parent = "", None
    now = time.time() - count
    for number, text in enumerate(texts(count)):
        if number % a_conversation == 0:
            talk, parent = new_id(), None
            connection.execute(
                "INSERT INTO conversation (id, title, created_at, updated_at) VALUES (?, ?, ?, ?)",
                (talk, f"Talk {number}", now, now),
            )
        message, now = new_id(), now + 1
        connection.execute(
            "INSERT INTO message (id, conversation_id, parent_id, role, text, created_at, state)"
            " VALUES (?, ?, ?, 'user', ?, ?, 'complete')",
            (message, talk, parent, text, now),
        )
        connection.execute(
            "INSERT INTO search_text (conversation_id, message_id, folded) VALUES (?, ?, ?)",
            (talk, message, " ".join(plain.get(word, word) for word in text.split(" "))),
        )
        parent = message
    connection.execute("COMMIT")
    connection.execute("INSERT INTO search (search) VALUES ('rebuild')")
    connection.close()


if __name__ == "__main__":
    main()
