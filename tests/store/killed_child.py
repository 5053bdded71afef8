"""What processes do to a history until they are killed; run by test_kill.py.

Each tells through a pipe what it has done, once it is done: whatever was told must be on disk after the kill.
"""

from __future__ import annotations

import io
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from holytui.errors import StoreBusy, StoreError, TransferError
from holytui.models import AnswerState, Message, Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.transfer.transfer import import_from
from tests import pictures
from tests.store.samples import CONTENT, REASONING, ask

PAUSE = 0.004
Tell = Callable[..., None]


def word(number: int) -> str:
    """The nth word of a streamed answer."""
    return f"từ{number} "


def streaming(history: SqliteHistory, tell: Tell, _seed: int) -> None:
    """Journals an answer word by word. Tells its id; then the number of words, how many of them are committed, the
    time, and the longest pause beyond what was asked for, as a machine under load delays the writing thread too."""
    asked = ask(history)
    history.set_state(asked.answer.id, AnswerState.STREAMING)
    tell(asked.answer.id)
    never, late = threading.Event(), 0.0
    for number in range(100_000):
        history.journal(asked.attempt.id, CONTENT, word(number))
        history.journal(asked.attempt.id, REASONING, f"r{number} ")
        now = time.monotonic()
        waiting = len(history._writer.pending())  # two for a word
        tell(number + 1, number + 1 - (waiting + 1) // 2, now, late)
        never.wait(PAUSE)
        late = max(late, time.monotonic() - now - PAUSE)


def editing(history: SqliteHistory, tell: Tell, seed: int) -> None:
    """Asks, answers, edits and asks again, all over a tree. Tells id, parent and text of each message."""
    chance = random.Random(seed)
    talk = history.create_conversation(title="edited").id
    questions: list[str | None] = [None]
    for number in range(100_000):
        text = f"version {number} " * 20
        asked = history.add_message(talk, Role.USER, text, parent_id=chance.choice(questions))
        tell(asked.id, asked.parent_id, text)
        answer = history.add_message(
            talk, Role.ASSISTANT, "", parent_id=asked.id, state=AnswerState.QUEUED, model="guide/guide"
        )
        history.finish(replace(answer, text=text.upper(), state=AnswerState.COMPLETE))
        tell(answer.id, asked.id, text.upper())
        questions.append(answer.id)


def deleting(history: SqliteHistory, tell: Tell, seed: int) -> None:
    """Makes, deletes, brings back and destroys conversations. Tells id and whether it is to be seen."""
    chance = random.Random(seed)
    here: list[str] = []
    gone: list[str] = []
    for number in range(100_000):
        match chance.randrange(8):
            case 0 | 1 if here:
                gone.append(here.pop(chance.randrange(len(here))))
                history.delete_conversation(gone[-1])
                tell(gone[-1], False)
            case 2 if gone:
                one = gone.pop()
                with suppress(StoreError):  # another process has destroyed it
                    history.restore_conversation(one)
                    here.append(one)
                    tell(one, True)
            case 3 if number % 3 == 0:
                history.purge_deleted(time.time() + 1)
                gone.clear()
            case _:
                talk = history.create_conversation(title=f"number {number}").id
                history.add_message(talk, Role.USER, "words " * 50, parent_id=None)
                here.append(talk)
                tell(talk, True)


def attaching(history: SqliteHistory, tell: Tell, seed: int) -> None:
    """Asks with images, new ones and ones that were shown before, and destroys some of it. Tells id and digests of
    each question, and None for the digests once it is destroyed."""
    chance = random.Random(seed)
    here: list[Message] = []
    for number in range(100_000):
        data = pictures.png(5, 5, shade=number % 256, padding=chance.randrange(20_000))
        image = pictures.image(data)
        images = [image, *(chance.choice(here).images if here else ())][:3]
        talk = history.create_conversation(title="attached").id
        asked = history.add_message(
            talk, Role.USER, "what?", parent_id=None, images=images, image_data={image.digest: data}
        )
        tell(asked.id, [one.digest for one in images])
        here.append(asked)
        if number % 4 == 3:
            one = here.pop(chance.randrange(len(here)))
            tell(one.id, None)
            history.delete_conversation(one.conversation_id)
            history.purge_deleted(time.time() + 1)


def compacting(history: SqliteHistory, tell: Tell, seed: int) -> None:
    """Destroys what was deleted, and writes the file anew, again and again. Tells the number of times."""
    for number in range(100_000):
        history.delete_conversation(history.create_conversation(title="not for long").id)
        history.purge_deleted(time.time() + 1)
        with suppress(StoreError):  # another process writes all the time
            history.compact()
        tell(number + 1)


def importing(history: SqliteHistory, tell: Tell, seed: int) -> None:
    """Imports one file after another. Tells how many conversations of files that are in."""
    never = threading.Event()
    for batch in range(100_000):
        text = json.dumps([exported(f"{seed}-{batch}-{number}") for number in range(A_FILE)])
        while True:
            try:
                import_from(history, io.StringIO(text))
                break
            except TransferError as error:  # another process imports, or what it left is not taken out yet
                assert isinstance(error.__cause__, StoreBusy), error  # noqa: PT017 - not what is tested
                never.wait(PAUSE)
        tell((batch + 1) * A_FILE)


A_FILE = 3
MESSAGES = 12


def exported(name: str) -> dict[str, Any]:
    """A conversation as ChatGPT exports it."""
    nodes: dict[str, Any] = {}
    for number in range(MESSAGES):
        content = {"content_type": "text", "parts": [f"{name} message {number} " * 10]}
        role = "user" if number % 2 == 0 else "assistant"
        parent = f"n{number - 1}" if number else None
        nodes[f"n{number}"] = {"parent": parent, "message": {"author": {"role": role}, "content": content}}
    return {"id": name, "title": f"imported {name}", "create_time": 1.0, "update_time": 2.0, "mapping": nodes}


KINDS = {each.__name__: each for each in (streaming, editing, deleting, importing, attaching, compacting)}


def main(kind: str, path: Path, seed: int, pipe: Connection) -> None:
    """Do it until killed."""
    KINDS[kind](SqliteHistory(path), lambda *facts: pipe.send(facts), seed)
