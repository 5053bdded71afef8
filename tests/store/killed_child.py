"""Work of processes on a history until they are killed; run by test_kill.py.

Each reports every step through a pipe once it is done: a reported step must be on disk after the kill.
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

from holytui.errors import StoreBusy, StoreError, TransferError
from holytui.models import AnswerState, Message, Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.transfer.transfer import import_from
from tests import pictures
from tests.store.samples import CONTENT, REASONING, ask, chatgpt_entry

PAUSE = 0.004
Report = Callable[..., None]


def word(number: int) -> str:
    """The nth word of a streamed answer."""
    return f"từ{number} "


def streaming(history: SqliteHistory, report: Report, _seed: int) -> None:
    """Journal an answer word by word. Reports its id; then the number of words, and how many of them are committed."""
    asked = ask(history)
    history.set_state(asked.answer.id, AnswerState.STREAMING)
    report(asked.answer.id)
    never = threading.Event()
    for number in range(100_000):
        history.journal(asked.attempt.id, CONTENT, word(number))
        history.journal(asked.attempt.id, REASONING, f"r{number} ")
        waiting = len(history._writer.pending())  # two for a word
        report(number + 1, number + 1 - (waiting + 1) // 2)
        never.wait(PAUSE)


def editing(history: SqliteHistory, report: Report, seed: int) -> None:
    """Ask, answer and edit at random places of a tree. Reports id, parent and text of each message."""
    chance = random.Random(seed)
    talk = history.create_conversation(title="edited").id
    questions: list[str | None] = [None]
    for number in range(100_000):
        text = f"version {number} " * 20
        asked = history.add_message(talk, Role.USER, text, parent_id=chance.choice(questions))
        report(asked.id, asked.parent_id, text)
        answer = history.add_message(
            talk, Role.ASSISTANT, "", parent_id=asked.id, state=AnswerState.QUEUED, model="guide/guide"
        )
        history.finish(replace(answer, text=text.upper(), state=AnswerState.COMPLETE))
        report(answer.id, asked.id, text.upper())
        questions.append(answer.id)


def deleting(history: SqliteHistory, report: Report, seed: int) -> None:
    """Create, delete, restore and purge conversations. Reports ids and whether they are visible."""
    chance = random.Random(seed)
    here: list[str] = []
    gone: list[str] = []
    for number in range(100_000):
        match chance.randrange(8):
            case 0 | 1 if here:
                gone.append(here.pop(chance.randrange(len(here))))
                history.delete_conversation(gone[-1])
                report(gone[-1], False)
            case 2 if gone:
                one = gone.pop()
                with suppress(StoreError):  # another process has destroyed it
                    history.restore_conversation(one)
                    here.append(one)
                    report(one, True)
            case 3 if number % 3 == 0:
                history.purge_deleted(time.time() + 1)
                gone.clear()
            case _:
                talk = history.create_conversation(title=f"number {number}").id
                history.add_message(talk, Role.USER, "words " * 50, parent_id=None)
                here.append(talk)
                report(talk, True)


def attaching(history: SqliteHistory, report: Report, seed: int) -> None:
    """Ask with new and already stored images, and purge some questions.

    Reports id and digests of each question, and None for the digests once it is destroyed.
    """
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
        report(asked.id, [one.digest for one in images])
        here.append(asked)
        if number % 4 == 3:
            one = here.pop(chance.randrange(len(here)))
            report(one.id, None)
            history.delete_conversation(one.conversation_id)
            history.purge_deleted(time.time() + 1)


def compacting(history: SqliteHistory, report: Report, seed: int) -> None:
    """Purge and compact, again and again. Reports the number of times."""
    for number in range(100_000):
        history.delete_conversation(history.create_conversation(title="not for long").id)
        history.purge_deleted(time.time() + 1)
        with suppress(StoreError):  # another process writes all the time
            history.compact()
        report(number + 1)


def importing(history: SqliteHistory, report: Report, seed: int) -> None:
    """Import one file after another. Reports the number of imported conversations."""
    never = threading.Event()
    for batch in range(100_000):
        text = json.dumps([chatgpt_entry(f"{seed}-{batch}-{number}") for number in range(A_FILE)])
        while True:
            try:
                import_from(history, io.StringIO(text))
                break
            except TransferError as error:  # another process imports, or what it left is not taken out yet
                assert isinstance(error.__cause__, StoreBusy), error  # noqa: PT017 - not what is tested
                never.wait(PAUSE)
        report((batch + 1) * A_FILE)


A_FILE = 3


KINDS = {each.__name__: each for each in (streaming, editing, deleting, importing, attaching, compacting)}


def main(kind: str, path: Path, seed: int, pipe: Connection) -> None:
    """Work until killed."""
    KINDS[kind](SqliteHistory(path), lambda *facts: pipe.send(facts), seed)
