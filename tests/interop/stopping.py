"""How soon the server is idle after an answer was stopped, in each state of an answer.

    python -m tests.interop.stopping FOLDER

FOLDER is the one that `make interop` set up. Every answer would go on for a minute. Times are measured from the
request to end the stream (DELETE), as it comes to a gateway before the server, until its log says that it has
released the slot.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from holytui.config.schema import Recover, Stream
from holytui.engine import events as ev
from holytui.engine.engine import StartedTurn
from tests.cutting_gateway import CuttingGateway, Ending, PlannedCut
from tests.engine.bench import Bench
from tests.interop import llama
from tests.interop.launch import free_port
from tests.ptys import Terminal

PATIENCE = 120.0
_BEGUN = re.compile(r"task (\d+) \| processing task")
_ENDED = re.compile(r"release: id +\d+ \| task (\d+) ")
_QUESTION = "Write a very long story about a lighthouse. Do not stop before 2000 words."
_LONG_QUESTION = "Summarise this. " + " ".join(
    f"Paragraph {n}: the sea was calm and the light was on." for n in range(150)
)
_PARAMS: dict[str, object] = {"temperature": 0, "seed": 7, "max_tokens": 2000, "cache_prompt": False}
_EARLY, _LATE = 2500, 4500
"""Bytes of the body at which responses are cut."""
BATCH = 128


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds."""

    stop_to_request: float
    """From the stop to the request to end the stream."""
    request_to_idle: float
    batch: float
    """Of the slowest batch of a prompt that the server read in several, else 0."""


class Server:
    """The model server, and its log: asking for `/slots` often would keep it from noticing a stop while it reads a
    prompt, as each response restarts the second that it waits before it looks."""

    def __init__(self, port: int, log: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._log = log

    def task(self) -> int | None:
        """The id of the generation under way."""
        log = self._log.read_text(errors="replace")
        ended = set(_ENDED.findall(log))
        return next((int(task) for task in reversed(_BEGUN.findall(log)) if task not in ended), None)

    def slowest_batch(self, task: int) -> float:
        """Seconds; 0.0 if the prompt was no longer than a batch."""
        rates = re.findall(
            rf"task {task} \| prompt processing, n_tokens .* ([0-9.]+) tokens per",
            self._log.read_text(errors="replace"),
        )
        return max((BATCH / float(rate) for rate in rates), default=0.0)

    def wait_until_busy(self) -> int:
        """The id of a generation, as soon as there is one."""
        return wait_for(self.task)

    def wait_until_done_with(self, task: int) -> float:
        """When the server no longer works on a generation."""
        wait_for(lambda: self.task() != task or None)
        return time.monotonic()


def wait_for(value: Callable[[], int | None]) -> int:
    """The first value that is not None. Raises TimeoutError."""
    end = time.monotonic() + PATIENCE
    while (found := value()) is None:
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)
    return found


class Stage:
    """An engine, a gateway, and the server."""

    def __init__(self, server: Server, gateway: CuttingGateway, folder: Path) -> None:
        self.server = server
        self.gateway = gateway
        self.folder = folder
        self.resume_cuts = threading.Event()
        """Ends the silence of a response that is cut by `Ending.KILL`."""
        gateway.on_kill = self._wait

    def _wait(self) -> None:
        self.resume_cuts.wait(PATIENCE)

    @contextmanager
    def bench(self, recover: Recover = Recover.AUTO, **stream: float) -> Iterator[Bench]:
        """The engine; `stream` are fields of its configuration."""
        settings = replace(Stream(retry_delay=0.01), **stream)  # type: ignore[arg-type]  # each state knows its fields
        with Bench(self.folder, self.gateway.base_url, stream=settings, recover=recover, params=_PARAMS) as bench:
            provider = replace(bench.config.providers["local"], reattach=True)
            bench.engine.config = bench.config = replace(bench.config, providers={"local": provider})
            bench.patience = PATIENCE
            yield bench

    def cut(self, *endings: Ending) -> None:
        """Cut the next responses so."""
        self.gateway.expect([PlannedCut(at, each) for at, each in zip((_EARLY, _LATE), endings, strict=False)])

    def measure(self, task: int, stop: Callable[[], object]) -> Measured:
        """Stop, and wait until the server is done with the task."""
        seen = len(self.gateway.deletions)
        began = time.monotonic()
        stop()
        wait_for(lambda: len(self.gateway.deletions) - seen or None)
        asked_at = self.gateway.deletions[seen]
        idle_at = self.server.wait_until_done_with(task)
        return Measured(asked_at - began, idle_at - asked_at, self.server.slowest_batch(task))

    def stop(self, bench: Bench, turn: StartedTurn) -> Measured:
        """Stop an answer under way."""
        return self.measure(self.server.wait_until_busy(), lambda: bench.engine.stop(turn.turn_id))

    @contextmanager
    def interrupted(self, recover: Recover = Recover.ASK) -> Iterator[tuple[Bench, StartedTurn, int]]:
        """An answer that was interrupted and that the server still generates."""
        self.cut(Ending.RESET)
        with self.bench(recover) as bench:
            turn = bench.engine.ask(_QUESTION)
            bench.heard(ev.Interrupted)
            yield bench, turn, self.server.wait_until_busy()

    def text_grows(self, bench: Bench) -> None:
        """Wait for more text."""
        seen = len(bench.of(ev.Delta))
        bench.wait_until(lambda events: sum(isinstance(event, ev.Delta) for event in events) > seen + 2)

    def config_file(self, resume_on_start: str) -> Path:
        """A configuration file for the real program."""
        file = self.folder / "config.toml"
        params = ", ".join(f"{name} = {json.dumps(value)}" for name, value in _PARAMS.items())
        file.write_text(
            f'default_model = "local/model"\n[ui]\nresume_on_start = "{resume_on_start}"\n[providers.local]\n'
            f'base_url = "{self.gateway.base_url}"\nreattach = true\n[providers.local.models.model]\n'
            f"params = {{ {params} }}\n"
        )
        return file

    def screen(self, resume_on_start: str) -> Terminal:
        """The real program in a terminal."""
        env = {"HOLYTUI_DATA_DIR": str(self.folder / "data")}
        return Terminal.holytui("--config", str(self.config_file(resume_on_start)), env=env, cols=120)

    def killed(self) -> int:
        """Kill the real program while it receives an answer; the generation that goes on."""
        with self.screen("ask") as terminal:
            terminal.wait_for("Ask anything", PATIENCE)
            terminal.type(_QUESTION + "\r")
            terminal.wait_for("lighthouse", PATIENCE)
            task = self.server.wait_until_busy()
            terminal.wait_until(lambda: terminal.text.count("ight") > 3, PATIENCE)
            terminal.kill()
        assert self.server.task() == task, "a kill does not end the generation"
        return task


def prompt(stage: Stage) -> Measured:
    """While the server reads the prompt."""
    with stage.bench() as bench:
        turn = bench.engine.ask(_LONG_QUESTION)
        task = stage.server.wait_until_busy()
        wait_for(lambda: 1 if stage.server.slowest_batch(task) else None)
        return stage.stop(bench, turn)


def streaming(stage: Stage) -> Measured:
    """While text comes."""
    with stage.bench() as bench:
        turn = bench.engine.ask(_QUESTION)
        stage.text_grows(bench)
        return stage.stop(bench, turn)


def retrying(stage: Stage) -> Measured:
    """While the next attempt is waited for."""
    stage.cut(Ending.RESET)
    with stage.bench(retry_delay=60.0, max_delay=60.0) as bench:
        turn = bench.engine.ask(_QUESTION)
        bench.heard(ev.Retrying)
        return stage.stop(bench, turn)


def offline(stage: Stage) -> Measured:
    """While the server cannot be reached; the request is sent when it can."""
    stage.cut(Ending.RESET)
    port = stage.gateway.server_address[1]
    with stage.bench(retry_delay=1.0) as bench:
        turn = bench.engine.ask(_QUESTION)
        bench.heard(ev.Retrying)
        stage.gateway.shutdown()
        stage.gateway.server_close()
        bench.heard(ev.Offline)
        bench.engine.stop(turn.turn_id)
        bench.end_of(turn)
        task = stage.server.wait_until_busy()
        with CuttingGateway(stage.server.address, port=port) as again:
            stage.gateway = again
            return stage.measure(task, lambda: None)


def held(stage: Stage) -> Measured:
    """After an interruption with `recover = "ask"`."""
    with stage.interrupted() as (bench, turn, task):
        return stage.measure(task, lambda: bench.engine.release(turn.answer_id))


def reattaching(stage: Stage) -> Measured:
    """After the request to read on, before its first byte."""
    stage.gateway.expect([PlannedCut(_EARLY, Ending.RESET), PlannedCut(0, Ending.KILL)])
    with stage.bench() as bench:
        turn = bench.engine.ask(_QUESTION)
        bench.heard(ev.Resuming)
        wait_for(lambda: len(stage.gateway.passages) > 1 or None)
        return stage.stop(bench, turn)


def reattached(stage: Stage) -> Measured:
    """While text comes again."""
    stage.cut(Ending.RESET)
    with stage.bench() as bench:
        turn = bench.engine.ask(_QUESTION)
        bench.heard(ev.Resuming)
        stage.text_grows(bench)
        return stage.stop(bench, turn)


def asked_again(stage: Stage) -> Measured:
    """An interrupted answer is asked for again."""
    with stage.interrupted() as (bench, turn, task):
        measured = stage.measure(task, lambda: bench.engine.retry(turn.answer_id))
        bench.engine.stop_all()
        return measured


def next_question(stage: Stage) -> Measured:
    """Another question follows an interrupted answer."""
    with stage.interrupted() as (bench, turn, task):
        talk = bench.message(turn.answer_id).conversation_id
        measured = stage.measure(task, lambda: bench.engine.ask("Hello", conversation_id=talk))
        bench.engine.stop_all()
        return measured


def deleted(stage: Stage) -> Measured:
    """The conversation of an interrupted answer is deleted."""
    with stage.interrupted() as (bench, turn, task):

        def delete() -> None:
            bench.history.delete_conversation(bench.message(turn.answer_id).conversation_id)
            bench.engine.release_streams()

        return stage.measure(task, delete)


def start_never(stage: Stage) -> Measured:
    """After a kill, a start with `resume_on_start = "never"`."""
    task = stage.killed()
    with stage.screen("never") as terminal:
        return stage.measure(task, lambda: terminal.wait_for("holytui ended before", PATIENCE))


def start_declined(stage: Stage) -> Measured:
    """After a kill, a start that offers to continue, and Esc."""
    task = stage.killed()
    with stage.screen("ask") as terminal:
        terminal.wait_for("to get the rest", PATIENCE)
        measured = stage.measure(task, lambda: terminal.type("\x1b"))
        terminal.wait_for("stopped at the server", PATIENCE)
        return measured


STATES: Sequence[Callable[[Stage], Measured]] = (
    prompt,
    streaming,
    retrying,
    offline,
    held,
    reattaching,
    reattached,
    asked_again,
    next_question,
    deleted,
    start_never,
    start_declined,
)


def measure(server: Server, state: Callable[[Stage], Measured]) -> Measured:
    """Stop one answer in one state."""
    with TemporaryDirectory() as folder, CuttingGateway(server.address) as gateway:
        stage = Stage(server, gateway, Path(folder))
        try:
            return state(stage)
        finally:
            stage.resume_cuts.set()


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """A server of its own, with batches so small that each takes about a second."""
    port = free_port()
    with llama.running(folder, port, "-b", str(BATCH), "-ub", str(BATCH)):
        yield Server(port, folder / "llama.log")


def main(folder: Path) -> None:
    """Print a table."""
    with running_server(folder) as server:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; seconds")  # noqa: T201 - a table for readers
        print(f"{'':16}{'stop to DELETE':>16}{'DELETE to idle':>16}{'batch':>8}")  # noqa: T201
        for state in STATES:
            found = measure(server, state)
            figures = f"{found.stop_to_request:16.3f}{found.request_to_idle:16.3f}{found.batch:8.3f}"
            print(f"{state.__name__:16}{figures}  {state.__doc__}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
