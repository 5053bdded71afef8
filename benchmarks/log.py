"""A conversation of 10,000 messages beside one of 10: first paint, paging up and down, a jump; and the list of
10,000 conversations.

    python -m benchmarks.log

Headless, 120×40, best of three, each size in a process of its own; times in milliseconds, memory in MB: above the
app with the messages in hand (`memory`), and of all of it (`process`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date

_PAGES = 50


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(count: int) -> dict[str, float]:
    """Figures of one conversation with `count` messages."""
    from benchmarks.talk import log_app, talk

    app, log = log_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        entries = talk(count)
        base = _peak()

        async def timed(action: Callable[[], object]) -> float:
            begun = time.perf_counter()
            action()
            await pilot.pause(0)
            return (time.perf_counter() - begun) * 1e3

        out = {"open": await timed(lambda: log.show(entries)), "memory": _peak() - base}
        log.focus()
        out["page up"] = sum([await timed(log.action_log_page_up) for _ in range(_PAGES)]) / _PAGES
        out["page down"] = sum([await timed(log.action_log_page_down) for _ in range(_PAGES)]) / _PAGES
        out["jump"] = await timed(lambda: log.reveal(f"m{count // 2}"))
        out["memory"] = _peak() - base
        out["process"] = _peak()
    return out


async def measure_list(count: int) -> dict[str, float]:
    """Figures of the list of conversations."""
    from textual.app import App, ComposeResult

    from holytui import keymap
    from holytui.models import Conversation
    from holytui.ui.sidebar.list_widget import Sidebar

    sidebar = Sidebar(keymap.build_keymap({}))

    class Sheet(App[None]):
        def compose(self) -> ComposeResult:
            yield sidebar

    made = [Conversation(f"c{n}", f"Conversation {n} về đường", 1.7e9 - n * 600, 1.7e9 - n * 600) for n in range(count)]
    async with Sheet().run_test(size=(120, 40)) as pilot:
        base = _peak()
        begun = time.perf_counter()
        sidebar.show(made, "c5", date(2023, 11, 14))
        await pilot.pause(0)
        shown = (time.perf_counter() - begun) * 1e3
        begun = time.perf_counter()
        sidebar.filter("duong", date(2023, 11, 14))
        await pilot.pause(0)
        return {"open": shown, "filter": (time.perf_counter() - begun) * 1e3, "memory": _peak() - base}


def _run(kind: str, count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.log", "--one", kind, "--count", str(count)]
    rounds: list[dict[str, float]] = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3)
    ]
    return {key: min(one[key] for one in rounds) for key in rounds[0]}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--one", choices=("log", "list"))
    parser.add_argument("--count", type=int, default=10)
    options = parser.parse_args()
    if options.one:
        figures = asyncio.run((measure if options.one == "log" else measure_list)(options.count))
        print(json.dumps(figures))
        return
    for kind, small, large in (("log", 10, 10_000), ("list", 100, 10_000)):
        few, many = _run(kind, small), _run(kind, large)
        print(f"{kind:<12}{small:>12,}{large:>12,}{'ratio':>9}")
        for key, value in few.items():
            print(f"{key:<12}{value:>12.1f}{many[key]:>12.1f}{many[key] / max(value, 0.1):>9.1f}")
        print()


if __name__ == "__main__":
    main()
