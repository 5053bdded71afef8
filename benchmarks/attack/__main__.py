"""Attack holytui over the loopback and print a table: `python -m benchmarks.attack [NAME…]`.

Each row has a figure and the limit that it is to keep; the exit status is 1 if one does not. Only the loopback is
used, and every attack is bounded in time.
"""

from __future__ import annotations

import json
import math
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attack import flood, hostile, lasting, screen
from benchmarks.attack.flood import TEXTS, Answer, FloodServer
from holytui.ui.markdown.document import MarkdownDocument
from tests.ui.markdown_shapes import SHAPES, shape

_SHORT = "idle_timeout = 3\nfirst_token_timeout = 5\ntoken_timeout = 3\nmax_retries = 0\n"
_PATIENCE = 240.0
"""Seconds. Reading takes at most a tenth of a CPU, so a flood of tiny events reaches the size limit only then."""
LENGTHS = {
    "paragraphs": TEXTS["paragraphs"],
    "emoji and words": "👍 some words ",  # four bytes for each character of the text
    "emoji": "👍🎉🚀😀\n",
    "Vietnamese": "Tiếng Việt có dấu và 漢字 nữa, một dòng dài vừa phải.\n",
    "one line": TEXTS["words"],
    "code": TEXTS["code"],
    "a table": "| a | 漢字 | **b** |\n",
    "short lines": "a\n",
}
_SIZES = (40_000, 80_000, 160_000, 320_000)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure and what it is to stay below."""

    attack: str
    figure: float
    limit: float
    unit: str


@dataclass(frozen=True, slots=True)
class Run:
    """How a command went."""

    seconds: float
    memory: float
    status: int | None
    questions: int


def command(
    answer: Answer, words: Sequence[str], more: str = "", *, names: bytes = b"", space: int | None = None
) -> Run:
    """Run a command of holytui against a server that attacks it."""
    with tempfile.TemporaryDirectory() as name, FloodServer(answer, names) as server:
        file = screen.config(Path(name), server.base_url, more)
        env = os.environ | {"HOLYTUI_DATA_DIR": f"{name}/data", "HOME": name}
        begun, memory = time.monotonic(), 0.0
        call = [sys.executable, "-m", "holytui", "--config", str(file), *words]
        none = subprocess.DEVNULL
        with subprocess.Popen(call, stdin=none, stdout=none, stderr=none, env=env) as process:
            if space is not None:
                resource.prlimit(process.pid, resource.RLIMIT_AS, (space << 20, space << 20))
            while process.poll() is None and time.monotonic() - begun < _PATIENCE:
                try:
                    memory = max(memory, screen.peak(process.pid))
                except (OSError, StopIteration):
                    break  # it has just ended
                time.sleep(0.02)
            ended = process.poll() is not None or time.monotonic() - begun < _PATIENCE
            seconds = time.monotonic() - begun if ended else math.inf
            if not ended:
                process.kill()
        return Run(seconds, memory, process.returncode, server.questions)


def streams() -> Iterator[Row]:
    """The full screen while text floods in."""
    for kind, rate in (*((kind, 1.0) for kind in TEXTS), *(("paragraphs", rate) for rate in (0.002, 0.5, 5.0, 50.0))):
        answer = flood.stream(TEXTS[kind], rate * 1e6, 1_000 if rate > 2 else 200 if rate > 0.1 else 4)
        name = f"{kind}, {rate:g} MB/s"
        # by default a fast answer ends before Esc is pressed
        seen = screen.measure(answer, 4.0, "max_answer_bytes = 64000000\n")
        yield Row(f"{name}: echo", seen.echo * 1e3, 200, "ms")
        yield Row(f"{name}: Esc", seen.stop * 1e3, 200, "ms")
        yield Row(f"{name}: Esc (CPU)", seen.stop_cpu * 1e3, 200, "ms")
        yield Row(f"{name}: longest callback (CPU)", seen.callback_cpu, 50, "ms")
        if rate > 0.1:
            seen = screen.measure(answer)
            yield Row(f"{name}: longest callback to the end (CPU)", seen.callback_cpu, 50, "ms")
        yield Row(f"{name}: peak RSS", seen.memory, 200, "MB")


def endless() -> Iterator[Row]:
    """Answers without an end, for `ask`."""
    tools = {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "x" * 500}}]}}]}
    call = b"data: " + json.dumps(tools).encode() + b"\n\n"
    for name, answer in {
        "endless text": flood.stream(TEXTS["paragraphs"], 0, 1_000),
        "endless emoji": flood.stream("👍 some words ", 0, 1_000),
        "tiny deltas": flood.repeat(flood.event("word") * 500),
        "events of 7 MiB": flood.repeat(flood.event("a" * 7_000_000)),
        "an event of 9 MB": flood.repeat(flood.event("a" * 9_000_000)),
        "gzip bomb": flood.bomb(300),
        "calls of tools": flood.repeat(call),
    }.items():
        run = command(answer, ["ask", "hi"])
        yield Row(f"{name}: end", run.seconds, _PATIENCE, "s")
        yield Row(f"{name}: peak RSS", run.memory, 200, "MB")
        yield Row(f"{name}: requests", run.questions, 1, "")


def lengths() -> Iterator[Row]:
    """Answers as long as they may be, of every shape, for `ask` and on the full screen."""
    for name, text in LENGTHS.items():
        answer = flood.stream(text, 0, 1_000)
        yield Row(f"{name}, longest answer, ask: peak RSS", command(answer, ["ask", "hi"]).memory, 200, "MB")
        yield Row(f"{name}, longest answer, screen: peak RSS", screen.measure(answer, 25.0).memory, 200, "MB")


def slow() -> Iterator[Row]:
    """One byte a second, in the head or in the body: the timeouts hold."""
    yield Row("slow head: end", command(flood.drip(flood.HEAD), ["ask", "hi"], _SHORT).seconds, 15, "s")
    body = flood.repeat(b": comment\n\n", 0, b"")

    def dripping(sock: socket.socket) -> None:
        body(sock)
        flood.drip(b"data: " + b"x" * 1_000)(sock)

    yield Row("slow body: end", command(dripping, ["ask", "hi"], _SHORT).seconds, 15, "s")


def names() -> Iterator[Row]:
    """300,000 models."""
    run = command(flood.repeat(flood.event("ok"), 1, flood.DONE), ["check"], names=flood.models(300_000))
    yield Row("300,000 models: check", run.seconds, 30, "s")
    yield Row("300,000 models: peak RSS", run.memory, 300, "MB")
    seen = screen.measure_picker(flood.models(300_000), 300_000)
    yield Row("300,000 models: fetched and shown in the picker", seen.opened, 5, "s")
    yield Row("300,000 models: echo of a key", seen.echo * 1e3, 200, "ms")
    yield Row("300,000 models: longest callback (CPU)", seen.callback_cpu, 50, "ms")


def memory() -> Iterator[Row]:
    """`ask` with little memory ends, whatever it can still do."""
    for space in (120, 180, 250, 400):
        run = command(flood.stream(TEXTS["paragraphs"], 0, 1_000), ["ask", "hi"], space=space)
        yield Row(f"address space {space} MB: end", run.seconds, _PATIENCE, "s")


def shapes() -> Iterator[Row]:
    """How much longer each shape takes when it is twice as long."""
    MarkdownDocument("`a`\n\n```python\nx = 1\n```\n").lines(80)
    for name in SHAPES:
        times = []
        for size in _SIZES:
            begun = time.process_time()
            MarkdownDocument(shape(name, size)).lines(80)
            times.append(time.process_time() - begun)
        told = " ".join(f"{each * 1e3:.0f}" for each in times)
        yield Row(f"{name} ({told} ms): a doubling", (times[-1] / max(times[0], 0.01)) ** (1 / 3), 2.3, "x")


def commands() -> Iterator[Row]:
    """Endless parts of HTTP, SSE and tool calls, for `ask`: it ends, and has what came before."""
    for name, attack in hostile.ATTACKS.items():
        asked = lasting.ask(hostile.sent(attack))
        yield Row(f"{name}: end", asked.seconds, 30, "s")
        yield Row(f"{name}: peak RSS", asked.memory, 200, "MB")
        wrong = (asked.status == 0) != attack.complete, attack.keeps != asked.kept, asked.requests != 1
        yield Row(f"{name}: wrong status, text or number of requests", sum(wrong), 0, "")
    asked = lasting.ask(hostile.redirect)
    yield Row("a redirect to itself: requests", asked.requests, 1, "")


def screens() -> Iterator[Row]:
    """The same on the full screen, with its usual timeouts: keys, Esc and memory."""
    for name in lasting.ON_SCREEN:
        seen = screen.measure(hostile.sent(hostile.ATTACKS[name]))
        yield Row(f"screen, {name}: echo", seen.echo * 1e3, 200, "ms")
        yield Row(f"screen, {name}: Esc", seen.stop * 1e3, 200, "ms")
        yield Row(f"screen, {name}: peak RSS", seen.memory, 200, "MB")


def steady() -> Iterator[Row]:
    """2,000 characters a second for a minute, which nobody can read, but which arrive smoothly."""
    seen = lasting.steady(2_000, 60)
    yield Row("2,000 characters/s for 60 s: longest without new text", seen.gap * 1e3, 500, "ms")
    yield Row("2,000 characters/s for 60 s: echo", seen.echo * 1e3, 200, "ms")
    yield Row("2,000 characters/s for 60 s: keys lost", seen.lost, 0, "")
    yield Row("2,000 characters/s for 60 s: Esc", seen.stop * 1e3, 200, "ms")
    yield Row("2,000 characters/s for 60 s: peak RSS", seen.memory, 200, "MB")


GROUPS: dict[str, Callable[[], Iterator[Row]]] = {
    "streams": streams,
    "endless": endless,
    "lengths": lengths,
    "slow": slow,
    "names": names,
    "memory": memory,
    "shapes": shapes,
    "commands": commands,
    "screens": screens,
    "steady": steady,
}


def main(wanted: Sequence[str]) -> int:
    """Run the attacks of these groups, or all."""
    bad = 0
    for name in wanted or GROUPS:
        for row in GROUPS[name]():
            good = row.figure <= row.limit
            bad += not good
            print(
                f"{row.attack:72} {row.figure:9.1f} {row.unit:3} {row.limit:7g}  {'ok' if good else 'FAIL'}", flush=True
            )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
