from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from holytui.models import AnswerState, Role
from tests.store.conftest import Opener
from tests.store.streaming_child import word

ROOT = Path(__file__).parents[2]


def stream_and_kill(path: Path, lines: int) -> tuple[str, int]:
    """Returns the answer's id and the number of words that must be on disk: those journalled 250 ms before the kill."""
    command = [sys.executable, "-m", "tests.store.streaming_child", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        answer_id = child.stdout.readline().strip()
        stamps: list[float] = []
        late = 0.0
        for _ in range(lines):
            _number, stamp, pause = child.stdout.readline().split()
            stamps.append(float(stamp))
            late = max(late, float(pause))
        killed = time.monotonic()
        child.kill()
    return answer_id, sum(stamp <= killed - 0.25 - late for stamp in stamps)


def test_a_kill_loses_nothing_older_than_a_quarter_second(path: Path, opener: Opener) -> None:
    chance = random.Random(7)
    due = {}
    for _ in range(10):
        answer_id, words = stream_and_kill(path, chance.randint(1, 120))
        due[answer_id] = words
    assert any(due.values())
    history = opener()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    # each of the children was killed; all of their answers are found by one look
    cut = {message.id: message for message in history.unfinished()}
    assert cut.keys() == due.keys()
    for answer_id, words in due.items():
        message = cut[answer_id]
        found = message.text.split()
        assert message.state is AnswerState.INTERRUPTED
        assert message.problem is not None
        assert len(found) >= words
        assert message.text == "".join(word(number) for number in range(len(found)))
        assert message.reasoning.startswith("".join(f"r{number} " for number in range(words)))
        assert history.message(answer_id) == message
    assert history.unfinished() == []


def test_an_answer_of_a_living_process_is_left_alone_and_followed(path: Path, opener: Opener) -> None:
    history = opener()
    command = [sys.executable, "-m", "tests.store.streaming_child", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        answer_id = child.stdout.readline().strip()
        while not ((message := history.message(answer_id)) and message.text):
            child.stdout.readline()
        assert message.state is AnswerState.STREAMING
        assert history.unfinished() == []
        (listed,) = history.conversations()
        assert listed.streaming
        # meanwhile this process writes to the same conversation: a branch of its own
        question = history.variants(history.branch(listed.id)[0].id)[0]
        history.add_message(listed.id, Role.USER, "Meanwhile?", parent_id=question.parent_id)
        child.kill()
    assert [each.text for each in history.variants(question.id)] == ["Why?", "Meanwhile?"]
    (cut,) = history.unfinished()
    assert cut.id == answer_id
    assert cut.text.startswith(message.text)
