"""A process that streams a known answer into the history until it is killed; run by test_kill.py.

Its arguments: the history's path. It prints the answer's id, then a line a word: number, monotonic time, and the
longest pause so far beyond what it had asked for (a machine under load delays the writing thread just the same).
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from holytui.models import AnswerState
from holytui.store.sqlite import SqliteHistory
from tests.store.samples import CONTENT, REASONING, ask

PAUSE = 0.004


def word(number: int) -> str:
    """The nth word of the answer."""
    return f"từ{number} "


def main() -> None:
    history = SqliteHistory(Path(sys.argv[1]))
    asked = ask(history)
    history.set_state(asked.answer.id, AnswerState.STREAMING)
    print(asked.answer.id, flush=True)  # noqa: T201 - it speaks to the test
    never, late = threading.Event(), 0.0
    for number in range(100_000):
        history.journal(asked.attempt.id, CONTENT, word(number))
        history.journal(asked.attempt.id, REASONING, f"r{number} ")
        now = time.monotonic()
        print(number, now, late, flush=True)  # noqa: T201 - likewise
        never.wait(PAUSE)
        late = max(late, time.monotonic() - now - PAUSE)


if __name__ == "__main__":
    main()
