"""A history damaged in one of many ways, all of which a number chooses; and what plain sqlite can still read of it.

`python -m tests.store.damage FIRST LAST` prints the numbers that fail, and why.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from holytui.cli import main
from holytui.errors import HolytuiError
from holytui.images import image_of
from holytui.models import AnswerState, Join, Problem, Role, Usage
from holytui.store.sqlite.history import SqliteHistory
from holytui.text import sanitize
from holytui.ui.composer import draft_store
from holytui.ui.lifecycle import bookmark
from holytui.ui.transcript.loading import load_conversation
from tests.pictures import png
from tests.store.samples import CONTENT, REASONING, ask, attempt_for

VERSE = "Trăm năm trong cõi người ta, chữ tài chữ mệnh khéo là ghét nhau. The quick brown fox jumps over it."
WORDS = VERSE.split()
PAGE = 4096


def sample(path: Path) -> bytes:
    """A history with texts of every length, variants, a resumed answer, an image, and an answer that was cut."""
    chance, talk = random.Random(7), ""
    with SqliteHistory(path) as history:
        for number in range(24):
            talk = history.create_conversation(title=f"Talk {number} đường", model="guide/guide").id
            for step in range(3):
                long = number % 5 == 0 and step == 1
                asked = ask(history, f"question {number} {step} " + _words(chance, 20), talk)
                text = f"answer {number} {step} " + _words(chance, 3000 if long else 60)
                history.journal(asked.attempt.id, CONTENT, text[:9])
                history.journal(asked.attempt.id, REASONING, f"thought {number} {step}")
                second = attempt_for(asked.answer.id, 2, Join.EXACT)
                history.begin_attempt(second)
                history.journal(second.id, CONTENT, text[9:])
                problem = Problem("Refused", "Ask else") if step == 2 else None
                history.finish(
                    replace(
                        *(asked.answer,),
                        text=text,
                        reasoning=f"thought {number} {step}",
                        state=AnswerState.COMPLETE,
                        usage=Usage(30, 40),
                        problem=problem,
                        seams=(3,),
                        duration_s=2.5,
                    )
                )
            history.update_conversation(talk, params={"temperature": 0.5}, draft=f"draft {number}")
        data = png(8, 8)
        image = image_of("grey.png", data)
        assert image is not None
        history.add_message(talk, Role.USER, "see", parent_id=None, images=[image], image_data={image.digest: data})
        cut = ask(history, "the last question")
        history.journal(cut.attempt.id, CONTENT, "the last answer")
        history.remember("draft new", "not sent yet")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


# -- the ways


def _bytes(sound: bytes, chance: random.Random, path: Path) -> None:
    spoilt = bytearray(sound)
    for _ in range(chance.choice([1, 1, 2, 8, 64])):
        spoilt[chance.randrange(100, len(spoilt))] = chance.randrange(256)
    path.write_bytes(spoilt)


def _pages(sound: bytes, chance: random.Random, path: Path) -> None:
    spoilt = bytearray(sound)
    for _ in range(chance.choice([1, 2, 3])):
        at = chance.randrange(1, len(spoilt) // PAGE) * PAGE
        other = chance.randrange(1, len(spoilt) // PAGE) * PAGE
        filling = chance.choice(
            [bytes(PAGE), b"\xff" * PAGE, chance.randbytes(PAGE), bytes(sound[other : other + PAGE])]
        )
        spoilt[at : at + PAGE] = filling
    path.write_bytes(spoilt)


def _sectors(sound: bytes, chance: random.Random, path: Path) -> None:
    spoilt = bytearray(sound)
    for _ in range(chance.choice([1, 2, 4])):
        at = chance.randrange(1, len(spoilt) // 512) * 512
        spoilt[at : at + 512] = chance.choice([bytes(512), chance.randbytes(512)])
    path.write_bytes(spoilt)


def _cut(sound: bytes, chance: random.Random, path: Path) -> None:
    path.write_bytes(sound[: chance.randrange(200, len(sound))])


def _header(sound: bytes, chance: random.Random, path: Path) -> None:
    spoilt = bytearray(sound)
    for _ in range(chance.choice([1, 2, 5])):
        spoilt[chance.randrange(100)] = chance.randrange(256)
    path.write_bytes(spoilt)


_VALUES: tuple[tuple[str, str, str], ...] = (
    *(("message", "state", value) for value in ("'odd'", "x'00ff'", "7", "CAST(x'ff00' AS TEXT)", "'streaming'")),
    *(("message", "role", value) for value in ("'odd'", "x'00'", "5", "''")),
    *(
        ("message", "text", value)
        for value in ("x'c3a9ff'", "CAST(x'6162ff63' AS TEXT)", "12.5", "CAST(x'c3' AS TEXT)")
    ),
    *(("message", "seams", value) for value in ("'['", "'{}'", "'[\"a\"]'", "x'5b'", "'[-5, 1e400]'", "'null'")),
    *(("message", "usage", value) for value in ("'{'", "'[]'", '\'{"input": "a"}\'', "'{\"nope\": 1}'", "3", "x'7b'")),
    *(("message", "problem", value) for value in ("'{'", "'[]'", "'{}'", '\'{"title": 5, "hint": [], "fault": 3}\'')),
    *(
        ("message", column, "'x'")
        for column in ("created_at", "duration_s", "first_token_s", "reasoning_s", "left_out")
    ),
    *(("message", column, "9e999") for column in ("created_at", "duration_s", "first_token_s", "left_out")),
    *(("message", column, "x'ff'") for column in ("reasoning", "model", "finish_reason", "parent_id", "id")),
    *(("message", column, "'else'") for column in ("conversation_id", "parent_id")),
    *(("conversation", "params", value) for value in ("'{'", "'[]'", "'5'", "x'7b7d'", "'null'", "'{\"a\": NaN}'")),
    *(("conversation", column, "x'ff'") for column in ("title", "model", "system", "draft", "leaf_id", "id")),
    *(("conversation", column, "CAST(x'61ff' AS TEXT)") for column in ("title", "draft", "id")),
    *(("conversation", column, "'x'") for column in ("created_at", "updated_at", "pinned", "archived", "unread")),
    *(("conversation", column, "9e999") for column in ("created_at", "updated_at", "archived")),
    *(("attempt", "join", value) for value in ("'odd'", "x'00'", "5")),
    *(("attempt", column, "'x'") for column in ("number", "keep", "cut", "end", "bytes_received", "status")),
    ("attempt", "started_at", "'x'"),
    *(("attempt", column, "'{'") for column in ("usage", "fault")),
    ("attempt", "fault", '\'{"kind": "odd", "message": 4}\''),
    ("attempt", "message_id", "'else'"),
    *(("delta", "text", value) for value in ("x'c3a9ff'", "CAST(x'6162ff63' AS TEXT)", "12")),
    *(("delta", column, "x'ff'") for column in ("attempt_id", "kind", "seq")),
    *(("fact", "value", value) for value in ("x'ff'", "CAST(x'ff' AS TEXT)", "5")),
    *(("message_image", column, "x'ff'") for column in ("name", "media_type", "size", "width", "position")),
    ("image", "data", "'no image'"),
    *(("figure", column, "'x'") for column in ("at", "requests", "input", "output", "cached", "at_least", "own")),
    *(("figure", column, "9e999") for column in ("at", "requests", "input")),
    ("figure", "model", "x'ff'"),
    *(("search_text", column, "x'ff'") for column in ("folded", "conversation_id", "message_id")),
    *(("lease", column, "x'ff'") for column in ("token", "host", "pid", "boot_id", "started", "heartbeat")),
)


def _values(sound: bytes, chance: random.Random, path: Path) -> None:
    path.write_bytes(sound)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for _ in range(chance.choice([1, 2, 6])):
            table, column, value = chance.choice(_VALUES)
            if table == "lease":
                talk, answer = connection.execute("SELECT conversation_id, id FROM message LIMIT 1").fetchone()
                connection.execute(
                    "INSERT OR IGNORE INTO lease VALUES (?, ?, 't', 'h', 1, 'b', 's', 1.0)", (answer, talk)
                )
            rows = [row for (row,) in connection.execute(f"SELECT rowid FROM {table}")]
            with contextlib.suppress(sqlite3.IntegrityError):
                connection.execute(f'UPDATE {table} SET "{column}" = {value} WHERE rowid = ?', (chance.choice(rows),))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


WAYS: tuple[Callable[[bytes, random.Random, Path], None], ...] = (_bytes, _pages, _sectors, _cut, _header, _values)


def damage(sound: bytes, number: int, path: Path) -> str:
    """Put a damaged copy of `sound` at `path`; returns in what way it is damaged."""
    chance = random.Random(number)
    way = WAYS[number % len(WAYS)]
    way(sound, chance, path)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    return way.__name__.strip("_")


# -- what is still there


def readable(path: Path) -> list[str]:
    """Every text of a message or journal that plain sqlite reads by its rowid, but those of deleted conversations."""
    out: list[str] = []
    name = f"file:{path}?mode=ro&immutable=1"
    with closing(sqlite3.connect(name, uri=True)) as connection:
        connection.text_factory = bytes
        try:
            connection.execute("PRAGMA writable_schema = ON")
            hidden = _deleted(connection)
            for row in _rows(connection, "SELECT conversation_id, text, reasoning FROM message"):
                if row[0] not in hidden:
                    out += [_said(text) for text in row[1:]]
            out += [_said(row[0]) for row in _rows(connection, "SELECT text FROM delta")]
        except sqlite3.Error:
            return out
    return [text for text in out if text]


def _deleted(connection: sqlite3.Connection) -> set[object]:
    rows = _rows(connection, "SELECT id, deleted_at FROM conversation")
    return {id_ for id_, at in rows if isinstance(at, int | float)}


def _rows(connection: sqlite3.Connection, select: str) -> Iterator[tuple[object, ...]]:
    for number in range(1, 700):
        with contextlib.suppress(sqlite3.Error):
            row = connection.execute(f"{select} WHERE rowid = ?", (number,)).fetchone()
            if row is not None:
                yield row


def _said(value: object) -> str:
    return sanitize(value.decode("utf-8", "replace")) if isinstance(value, bytes) else ""


# -- what holytui makes of it


def _run(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["history", *argv])
    return status, out.getvalue(), err.getvalue()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _as_a_screen(path: Path) -> None:
    """All that the full screen reads at its start, and when one looks through the conversations; and a question."""
    with SqliteHistory.open(path) as history:
        bookmark.take(history)
        history.unfinished()
        draft_store.load(history, "")
        talks = [*history.conversations(), *history.conversations(archived=True), *history.deleted_conversations()]
        for number, talk in enumerate(talks):
            opened = load_conversation(history, talk.id)
            for entry in opened.views if opened else ():
                # drawing takes long, and what is special about an entry is in its head and its notes
                for y in range(entry.height(80) if number % 8 == 0 or entry.message.repaired else 0):
                    entry.line(80, y)
                for attempt in history.attempts(entry.message.id):
                    history.raw_text(attempt.id, CONTENT)
                for image in entry.message.images:
                    history.image(image.digest)
        history.last_answers(100)
        history.usage_totals([0.0, 1e9, 1e10])
        history.search("question")
        history.search("ta")
        asked = ask(history, "and now?")
        history.finish(replace(asked.answer, text="well", state=AnswerState.COMPLETE))
        history.update_conversation(asked.conversation_id, title="Now")


def trial(sound: bytes, number: int, folder: Path) -> list[str]:
    """What goes wrong with the damage of this number."""
    path = folder / "history.db"
    damage(sound, number, path)
    spoilt = path.read_bytes()
    expected = readable(path)
    wrong: list[str] = []
    os.environ["HOLYTUI_DATA_DIR"] = str(folder)
    try:
        status, exported, told = _run("export", "--format", "jsonl")
        entries = [json.loads(line) for line in exported.split("\n") if line]
    except Exception:  # noqa: BLE001 - whatever is raised is the finding
        return [traceback.format_exc(limit=-3)]
    kept = [each for each in folder.glob("history.db*") if each.read_bytes() == spoilt]
    if status and not entries and kept:
        refused = "another program" in told or "newer holytui" in told
        return [] if refused else [f"refused: {told}"]
    said = sanitize("\t".join(text for entry in entries for text in _texts(entry)))
    missing = [text for text in expected if text not in said]
    if missing:
        wrong.append(f"{len(missing)} of {len(expected)} texts are missing, such as {missing[0][:60]!r}")
    set_aside = list(folder.glob("history.db.damaged-*"))
    if set_aside and not kept:
        wrong.append("the damaged file was not kept as it was")
    try:
        for entry in entries[::8]:
            _run("show", entry["id"], "--attempts")
            _run("export", "--format", "html", entry["id"])
        for other in ("list", "search question", "export --format md"):
            _run(*other.split())
        _as_a_screen(path)
    except HolytuiError as error:
        wrong.append(f"an error at use: {error!r}")
    except Exception:  # noqa: BLE001 - likewise
        wrong.append(traceback.format_exc(limit=-3))
    return wrong


def _main(first: int, last: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        sound = sample(Path(name) / "sound.db")
        failed = []
        for number in range(first, last):
            folder = Path(name) / str(number)
            folder.mkdir()
            wrong = trial(sound, number, folder)
            if wrong:
                failed.append(number)
                sys.stdout.write(f"{number} {WAYS[number % len(WAYS)].__name__}: {' | '.join(wrong)}\n")
                sys.stdout.flush()
        sys.stdout.write(f"{len(failed)} of {last - first} fail: {failed}\n")


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
