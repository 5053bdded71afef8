"""What an append of 60 characters costs as a text grows: holytui's log beside Textual's own Markdown widget.

    python -m benchmarks.markdown [--seconds 10]

Both run in the same kind of app (headless, 120×40, the text scrolled to its end), each text in a process of its own.
An append is measured, in CPU time of the process, until the screen was brought up to date; most of that is Textual's
painting of the screen, the same for both. The row `document` is holytui's parsing and layout alone. The stock widget
is stopped after `--seconds` a text; the share of the text that it got to is printed. Memory is the peak of the process
above that of the empty app.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time

PIECE = 60

FUNCTION = '''def number_{i}(first: int, second: str = "{i}") -> int:
    """Say {i}."""
    return sum(x * {i} for x in range(first))  # a remark

'''


def texts() -> dict[str, str]:
    """The texts by name."""
    paragraph = "Some **bold** words and a `name` that go on for a few lines of text, then *end*. " * 4
    return {
        "paragraphs": f"{paragraph}\n\n" * 40,
        "one paragraph of 20 KB": paragraph * 62,
        "20 KB of python": "```python\n" + "".join(FUNCTION.format(i=i) for i in range(170)) + "```\n",
        "list of 300 items": "".join(f"- item {i} with **bold** words and a `name`\n" for i in range(300)),
        "table of 60 rows": "| number | name | remark |\n|---|---|--:|\n"
        + "".join(f"| {i} | the name of {i} | a **remark** on number {i} |\n" for i in range(60)),
        "nested quotes": "".join(f"{'> ' * (1 + i % 3)}line {i} with **bold** words\n" for i in range(200)),
    }


async def measure(kind: str, name: str, seconds: float) -> dict[str, float]:
    """Times in milliseconds of the first and last tenth, CPU milliseconds an append, memory in MB, share done."""
    from textual.app import App, ComposeResult
    from textual.containers import VerticalScroll
    from textual.widgets import Markdown

    class Sheet(App[None]):
        def compose(self) -> ComposeResult:
            with VerticalScroll():
                yield Markdown(open_links=False)

    if kind == "holytui":
        return await _measure_log(name, seconds)
    source = texts()[name]
    filler = "filler\n\n" * 40  # the first tenth is to paint a full screen too
    app = Sheet()
    async with app.run_test(size=(120, 40)) as pilot:
        app.query_one(VerticalScroll).anchor()
        view = app.query_one(Markdown)
        await view.append(filler)
        await pilot.pause()
        base = _peak()
        times: list[float] = []
        begun, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(source), PIECE):
            before = time.process_time()
            await view.append(source[start : start + PIECE])
            await pilot.pause(0)
            times.append((time.process_time() - before) * 1e3)
            if time.perf_counter() - begun > seconds:
                break
        cpu = (time.process_time() - cpu) * 1e3
    done = min(1.0, len(times) * PIECE / len(source))
    return _summary(times) | {"cpu": cpu / len(times), "memory": _peak() - base, "done": done}


def measure_document(name: str) -> dict[str, float]:
    """The same of the document without a screen."""
    from holytui.ui.markdown.document import MarkdownDocument

    source = texts()[name]
    document = MarkdownDocument()
    document.append("`warm` up\n\n```python\nx = 1\n```\n\n")
    document.lines(118)
    base = _peak()
    times: list[float] = []
    for start in range(0, len(source), PIECE):
        before = time.process_time()
        document.append(source[start : start + PIECE])
        document.lines(118)
        times.append((time.process_time() - before) * 1e3)
    return _summary(times) | {"cpu": sum(times) / len(times), "memory": _peak() - base, "done": 1.0}


def _summary(times: list[float]) -> dict[str, float]:
    tenth = max(1, len(times) // 10)
    return {"first": sum(times[:tenth]) / tenth, "last": sum(times[-tenth:]) / tenth}


async def _measure_log(name: str, seconds: float) -> dict[str, float]:
    """The same of the message log, as the screen feeds it."""
    from benchmarks.talk import answer, log_app

    source, filler = texts()[name], "filler\n\n" * 40
    app, log = log_app()
    async with app.run_test(size=(120, 40)) as pilot:
        entry = answer(0, filler)
        log.show([entry])
        await pilot.pause()
        base = _peak()
        times: list[float] = []
        begun, cpu = time.perf_counter(), time.process_time()
        for end in range(PIECE, len(source) + PIECE, PIECE):
            before = time.process_time()
            entry.sync(filler + source[:end], "")
            log.changed()
            await pilot.pause(0)
            times.append((time.process_time() - before) * 1e3)
            if time.perf_counter() - begun > seconds:
                break
        cpu = (time.process_time() - cpu) * 1e3
    done = min(1.0, len(times) * PIECE / len(source))
    return _summary(times) | {"cpu": cpu / len(times), "memory": _peak() - base, "done": done}


def _peak() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(kind: str, name: str, seconds: float) -> dict[str, float]:
    """`measure` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.markdown", "--one", kind, name, "--seconds", str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {key: float(value) for key, value in json.loads(done.stdout).items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--one", nargs=2, metavar=("KIND", "TEXT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        kind, name = options.one
        alone = kind == "document"
        print(json.dumps(measure_document(name) if alone else asyncio.run(measure(kind, name, options.seconds))))
        return
    print(
        f"{'an append of 60 characters':24} {'':8} {'first tenth':>12} {'last tenth':>11} {'ratio':>6} {'CPU':>9}",
        end="",
    )
    print(f" {'memory':>8} {'done':>6}")
    for name in texts():
        figures = {kind: run(kind, name, options.seconds) for kind in ("document", "holytui", "stock")}
        for kind, row in figures.items():
            print(
                f"{name:24} {kind:8} {row['first']:9.2f} ms {row['last']:8.2f} ms {row['last'] / row['first']:6.2f}"
                f" {row['cpu']:6.2f} ms {row['memory']:5.1f} MB {row['done']:6.0%}"
            )
        ours, stock = figures["holytui"], figures["stock"]
        print(
            f"{'':24} {'stock/ours':10} {stock['first'] / ours['first']:8.1f} {stock['last'] / ours['last']:11.1f}",
            end="",
        )
        print(f" {'':6} {stock['cpu'] / ours['cpu']:8.1f}")


if __name__ == "__main__":
    main()
