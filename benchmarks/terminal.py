"""What an answer costs the line to the terminal: a chat of Textual's own, the same with our driver, and holytui.

    python -m benchmarks.terminal [--size 120x40] [--sidebar] [--depth truecolor|256] [--rate 100] [--tokens 1000]
    python -m benchmarks.terminal --bytes-per-s 25000 --rtt 200       a thin line
    python -m benchmarks.terminal --all                               every combination, a line each; 20 minutes or so

All read the same answer from the same server, each in a pseudo-terminal that answers as a terminal does. Ratios hold
from machine to machine; times do not.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.far_end import MARGINS, QUESTIONS, FarEnd
from benchmarks.small_chat import SIDEBAR_ROWS
from benchmarks.token_server import LAST, TokenServer

PROGRAMS = {"Textual": "stock", "our driver": "thin", "holytui": ""}
KEYS = "ÅåÆæÇçÐðÑñØøÞþßÄäËëÏïÖöÜüŁłŃńŚśŹźŻżŽžŠšČčĎďŇňŘřŤťŮů"
"""Typed while the answer comes; in neither the text nor anything else on the screen."""
PROMPT = "Ask anything"
PATIENCE = 30.0
"""Seconds after which a last token that is not shown is not waited for."""
PAGES = 10
LONG = 6000
"""Tokens of the log that is paged through."""
CONFIG = """
default_model = "bench/one"
[providers.bench]
base_url = "{url}"
[providers.bench.models.one]
[ui]
sidebar = {sidebar}
"""


@contextmanager
def started(name: str, server: TokenServer, options: argparse.Namespace, *, thin: bool = False) -> Iterator[FarEnd]:
    """The program in its terminal, at its prompt; `thin`: behind the line that is asked for."""
    with tempfile.TemporaryDirectory() as folder:
        environ = environment(Path(folder), options.depth)
        if PROGRAMS[name]:
            command = ["benchmarks.small_chat", PROGRAMS[name], server.base_url]
            command += ["--sidebar"] * options.sidebar
        else:
            command = ["holytui", "--config", str(furnish(Path(folder), server.base_url, sidebar=options.sidebar))]
        questions = QUESTIONS | (MARGINS if options.margins else {})
        far = FarEnd(
            [sys.executable, "-m", *command],
            environ,
            options.size,
            rate=options.bytes_per_s if thin else 0,
            rtt=options.rtt / 1000 if thin else 0.0,
            questions=questions,
        )
        with far:
            far.wait_until(lambda: PROMPT in far.text)
            far.run(1.0)
            yield far


def environment(folder: Path, depth: str) -> dict[str, str]:
    """A home of its own, as over SSH."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "PYTHONPATH")}
    return {
        **kept,
        "HOME": str(folder),
        "HOLYTUI_DATA_DIR": str(folder / "data"),
        "HOLYTUI_LANG": "en",
        "SSH_CONNECTION": "far away",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TEXTUAL_COLOR_SYSTEM": depth,
    }


def furnish(folder: Path, url: str, *, sidebar: bool) -> Path:
    """A configuration and, for the sidebar, a history of many conversations."""
    from holytui.models import Role
    from holytui.store.sqlite.history import SqliteHistory

    (folder / "data").mkdir(mode=0o700)
    with SqliteHistory(folder / "data" / "history.db") as history:
        for number in range(SIDEBAR_ROWS if sidebar else 0):
            talk = history.create_conversation(title=f"Conversation {number} about it")
            history.add_message(talk.id, Role.USER, "?", parent_id=None)
    file = folder / "config.toml"
    file.write_text(CONFIG.format(url=url, sidebar=str(sidebar).lower()))
    file.chmod(0o600)
    return file


def stream(name: str, options: argparse.Namespace) -> dict[str, float]:
    """The figures of one answer, with keys typed while it comes."""
    with TokenServer(options.tokens, options.rate) as server, started(name, server, options, thin=True) as far:
        far.type("\r" if PROGRAMS[name] else "go\r")
        far.wait_until(lambda: server.first)
        used = far.used
        typed: list[tuple[float, str]] = []
        while not server.last:
            far.step()
            if time.monotonic() > (typed[-1][0] if typed else server.first) + 0.4:
                key = KEYS[len(typed) % len(KEYS)]
                typed.append((far.type(key), key))
        used = far.used - used
        far.run(3)
        while far.seen(LAST, server.last) is None and time.monotonic() < server.last + PATIENCE:
            far.run(0.5)
        shown = far.seen(LAST, server.last) or float("inf")
        echoes = sorted(came - at for at, key in typed if (came := far.seen(key, at)) is not None)
        return {
            "bytes a token": len(far.data(server.first, shown)) / options.tokens,
            "CPU ms a token": used * 1000 / options.tokens,
            "last token late by ms": (shown - server.last) * 1000,
            "echo median ms": statistics.median(echoes) * 1000,
            "echo p95 ms": echoes[min(len(echoes) - 1, int(len(echoes) * 0.95))] * 1000,
            "peak memory MB": far.memory[1],
        }


def scroll(name: str, options: argparse.Namespace) -> dict[str, float]:
    """The bytes of a page, up and down a long log."""
    with TokenServer(LONG, 0) as server, started(name, server, options) as far:
        far.type("\r" if PROGRAMS[name] else "go\r")
        far.wait_until(lambda: server.last and far.seen(LAST, server.first))
        far.run(1.0)
        far.type("\t" if not PROGRAMS[name] else "\x1b[Z")  # to the messages
        far.settle(0.5)
        began = time.monotonic()
        for key in ["\x1b[5~"] * PAGES + ["\x1b[6~"] * PAGES:
            far.type(key)
            far.settle(0.2)
        return {"bytes a page": len(far.data(began)) / PAGES / 2}


def rest(name: str, options: argparse.Namespace) -> dict[str, float]:
    """What is written and used while nothing happens, a minute's worth."""
    with TokenServer(2, 0) as server, started(name, server, options) as far:
        began, used = time.monotonic(), far.used
        far.run(options.rest)
        part = 60 / options.rest
        return {
            "at rest: bytes in 60 s": len(far.data(began)) * part,
            "at rest: CPU ms in 60 s": (far.used - used) * 1000 * part,
        }


def one(options: argparse.Namespace) -> None:
    """One combination, figure by figure."""
    found = {}
    for name in PROGRAMS:
        found[name] = stream(name, options)
        found[name] |= scroll(name, options) | rest(name, options)
    print(f"{'':26}" + "".join(f"{name:>12}" for name in PROGRAMS) + f"{'ratio':>9}")
    for figure, ours in found["holytui"].items():
        theirs = found["Textual"][figure]
        values = "".join(f"{found[name][figure]:12,.1f}" for name in PROGRAMS)
        print(f"{figure:26}{values}" + (f"{theirs / ours:8.1f}x" if ours else ""))


def every(options: argparse.Namespace) -> None:
    """All combinations, a line each: of each figure Textual's and holytui's."""
    figures = ("bytes a token", "CPU ms a token", "last token late by ms", "echo p95 ms", "bytes a page")
    print(f"{'':32}" + "".join(f"{figure:>24}" for figure in figures))
    print(f"{'':32}" + f"{'Textual':>14}{'holytui':>10}" * len(figures))
    names = ("Textual", "holytui")
    for size, sidebar, depth in itertools.product(((120, 40), (200, 60)), (False, True), ("truecolor", "256")):
        options.size, options.sidebar, options.depth = size, sidebar, depth
        paged = {name: scroll(name, options) for name in names}
        for rate in (100.0, 30.0):
            options.rate = rate
            found = {name: stream(name, options) | paged[name] for name in names}
            cells = "".join(f"{found['Textual'][each]:14,.1f}{found['holytui'][each]:10,.1f}" for each in figures)
            where = f"{size[0]}x{size[1]} {depth} {rate:.0f}/s {'sidebar' if sidebar else ''}"
            print(f"{where:32}{cells}", flush=True)


def size_of(text: str) -> tuple[int, int]:
    """Width and height of "120x40"."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--size", type=size_of, default=(120, 40))
    parser.add_argument("--sidebar", action="store_true", help=f"a column of {SIDEBAR_ROWS} conversations")
    parser.add_argument("--depth", choices=("truecolor", "256"), default="truecolor")
    parser.add_argument("--tokens", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=100, help="tokens a second")
    parser.add_argument("--rest", type=float, default=10, help="seconds at rest that are measured")
    parser.add_argument("--bytes-per-s", type=int, default=0, help="how fast the terminal reads; 0: at once")
    parser.add_argument("--rtt", type=float, default=0, help="milliseconds there and back")
    parser.add_argument("--margins", action="store_true", help="the terminal has left and right margins (xterm)")
    options = parser.parse_args()
    if options.all:
        every(options)
    else:
        one(options)


if __name__ == "__main__":
    main()
