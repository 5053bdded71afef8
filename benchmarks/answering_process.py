"""A process with holytui's engine and history, for benchmarks that kill it.

python -m benchmarks.answering_process FOLDER BASE_URL reattach|prefill|instruct

It reads commands from stdin, JSON Lines: `{"ask": PROMPT}` or `{"resume": ANSWER_ID}`. It writes JSON Lines:
`{"answer": ID}` as soon as the answer is stored, `{"text_at": SECONDS}` (monotonic clock) when new text is published,
and the finished answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from holytui.config.schema import Config, Model, Provider, Stream
from holytui.credentials.keyring import KeyRings
from holytui.engine import events as ev
from holytui.engine.engine import Engine
from holytui.engine.resume.strategy import ResumeMode, resume_profile_key
from holytui.store.sqlite.history import SqliteHistory
from holytui.wire.client import ChatClient

MODEL = "qwen"
# without the server's cache, so that its counters are those of a provider that charges for each prompt
_PARAMS: dict[str, object] = {"temperature": 0, "seed": 7, "max_tokens": 200, "cache_prompt": False}


@dataclass(frozen=True, slots=True)
class FinishedAnswer:
    """An answer at its end."""

    id: str
    text: str
    state: str
    seams: tuple[int, ...]
    begun_again: bool
    requests: int
    texts_at: tuple[float, ...]


class AnsweringProcess:
    """The process, and how it is spoken to. It is started when it is needed."""

    def __init__(self, folder: Path, base_url: str, mode: ResumeMode) -> None:
        self._command = [sys.executable, "-m", "benchmarks.answering_process", str(folder), base_url, mode.value]
        self._process: subprocess.Popen[str] | None = None

    def kill(self) -> None:
        """Kill it as a crash would: SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def answer(self, prompt: str) -> FinishedAnswer:
        """Ask, and resume after each kill."""
        answer_id = ""
        texts_at: list[float] = []
        command = {"ask": prompt}
        while True:
            for line in self._run(command):
                if "answer" in line:
                    answer_id = line["answer"]
                elif "text_at" in line:
                    texts_at.append(line["text_at"])
                else:
                    return FinishedAnswer(
                        answer_id,
                        line["text"],
                        line["state"],
                        tuple(line["seams"]),
                        line["begun_again"],
                        line["requests"],
                        tuple(texts_at),
                    )
            command = {"resume": answer_id}

    def _run(self, command: dict[str, str]) -> Iterator[dict[str, Any]]:
        """The lines that follow a command, until the process is killed."""
        process = self._process
        if process is None or process.poll() is not None:
            self._process = process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            yield json.loads(line)
        if process.wait() >= 0:
            raise RuntimeError("the answering process ended by itself")


def main(folder: Path, base_url: str, mode: ResumeMode) -> None:
    """Serve commands until stdin ends."""
    history = SqliteHistory(folder / "history.db")
    name = "other" if mode is ResumeMode.INSTRUCT else "llamacpp"
    if mode is ResumeMode.INSTRUCT:
        # as with a server that is known to take no prefill
        history.remember(resume_profile_key(base_url, MODEL), ResumeMode.INSTRUCT.value)
    provider = Provider(
        name, base_url, models={MODEL: Model(MODEL, params=_PARAMS)}, reattach=mode is ResumeMode.REATTACH
    )
    config = Config(f"{name}/{MODEL}", {name: provider}, Stream(retry_delay=0.01, max_delay=0.02))
    inbox: SimpleQueue[ev.TurnEvent] = SimpleQueue()
    engine = Engine(config, history, ChatClient(), KeyRings().ring_for)
    engine.listen(inbox.put)
    try:
        for line in sys.stdin:
            command = json.loads(line)
            started = engine.ask(command["ask"]) if "ask" in command else engine.resume(command["resume"])
            _say({"answer": started.answer_id})
            while not isinstance(event := inbox.get(), ev.Ended):
                if isinstance(event, ev.Delta | ev.Replaced):
                    _say({"text_at": time.monotonic()})
            message = history.message(started.answer_id)
            assert message is not None
            _say(
                {
                    "text": message.text,
                    "state": message.state.value,
                    "seams": message.seams,
                    "begun_again": message.begun_again,
                    "requests": message.attempts,
                }
            )
    finally:
        engine.close()
        history.close()


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], ResumeMode(sys.argv[3]))
