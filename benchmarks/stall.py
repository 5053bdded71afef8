"""A terminal that reads nothing for a minute while an answer comes: does anything else wait for it?

    python -m benchmarks.stall [--seconds 60] [--rate 100] [--size 120x40] [--rtt 200]

holytui runs in a pseudo-terminal against a server on the loopback, with a heartbeat on its event loop. Told are how
long the loop waited at most, whether the whole answer is in the history, how soon the screen was right after the
terminal had begun to read again, and whether it was: as a full repaint shows it. Exit status 1 if something is not.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.far_end import FarEnd
from benchmarks.terminal import PROMPT, environment, furnish, size_of
from benchmarks.token_server import LAST, TokenServer, pieces
from tests.terminal.pty_session import without_unsupported
from tests.terminal.reference_terminal import Screen, Stream

BEAT = 0.005
WORTH_TELLING = 0.002
MOST_WAIT = 0.05


def run_app(config: str, report: int) -> None:
    """holytui, whose loop writes to `report` each time that it was late."""
    from holytui.ui import app

    class Watched(app.HolytuiApp):
        CSS_PATH = str(Path(app.__file__).with_name(app.HolytuiApp.CSS_PATH))

        def on_ready(self) -> None:
            self.heart = asyncio.get_running_loop().create_task(beat(report))

    app.HolytuiApp = Watched  # type: ignore[misc]  # what the command line opens
    from holytui.cli import main as holytui

    sys.exit(holytui(["--config", config]))


async def beat(report: int) -> None:
    """Tell how much later than asked each beat was."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(BEAT)
        late = time.monotonic() - before - BEAT
        if late > WORTH_TELLING:
            os.write(report, f"{before} {late}\n".encode())


class Heartbeat:
    """What the loop told."""

    def __init__(self) -> None:
        self._read, self.write = os.pipe()
        os.set_inheritable(self.write, True)
        self.late: list[tuple[float, float]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with os.fdopen(self._read) as told:
            for line in told:
                at, late = line.split()
                self.late.append((float(at), float(late)))

    def worst(self, since: float, until: float) -> float:
        """The longest wait between two times, in seconds."""
        return max((late for at, late in self.late if since <= at <= until), default=0.0)


def screen_of(far: FarEnd, size: tuple[int, int]) -> Screen:
    """What stands on the terminal."""
    screen = Screen(*size)
    Stream(screen).feed(without_unsupported(far.data(0.0).decode()))
    return screen


def measure(options: argparse.Namespace) -> bool:
    """Run, print, and say whether all is as it should be."""
    tokens = int(options.rate * options.seconds)
    heart = Heartbeat()
    with tempfile.TemporaryDirectory() as name, TokenServer(tokens, options.rate) as server:
        folder = Path(name)
        config = str(furnish(folder, server.base_url, sidebar=True))
        command = [sys.executable, "-m", "benchmarks.stall", "--app", config, "--report", str(heart.write)]
        with FarEnd(command, environment(folder, "truecolor"), options.size, rtt=options.rtt / 1000) as far:
            far.wait_until(lambda: PROMPT in far.text)
            far.run(1.0)
            far.type("go\r")
            far.wait_until(lambda: server.first)
            far.run(2.0)
            before, memory = time.monotonic(), far.memory[0]
            time.sleep(options.seconds)
            again, grown = time.monotonic(), far.memory[0] - memory
            far.wait_until(lambda: server.last and far.seen(LAST, again))
            shown = (far.seen(LAST, again) or 0.0) - again
            came = len(far.data(again))
            far.settle(1.0)
            left = screen_of(far, options.size)
            far.type("\x0c")
            far.settle(1.0)
            wrong = left.differences(screen_of(far, options.size))
        whole = stored(folder) == "".join(pieces(tokens))
    worst = heart.worst(before, again)
    print(f"{tokens} tokens at {options.rate:.0f}/s; nothing read for {options.seconds:.0f} s")
    print(f"longest wait of the event loop   {worst * 1000:8.1f} ms meanwhile")
    print(f"                                 {heart.worst(0.0, before) * 1000:8.1f} ms before, from the start on")
    print(f"memory grown meanwhile           {grown:8.1f} MB")
    print(f"answer in the history            {'whole' if whole else 'NOT WHOLE':>8}")
    print(f"its last token on the screen     {shown * 1000:8.1f} ms after the terminal read again, {came} bytes")
    print(f"cells other than in a repaint    {len(wrong):8}")
    return worst <= MOST_WAIT and whole and not wrong and shown <= options.rtt / 1000 + 0.5


def stored(folder: Path) -> str:
    """The answer as it is on disk."""
    from holytui.models import AnswerState
    from holytui.store.sqlite.history import SqliteHistory

    with SqliteHistory(folder / "data" / "history.db") as history:
        talk = max(history.conversations(), key=lambda talk: talk.updated_at)
        answer = history.branch(talk.id)[-1]
        return answer.text if answer.state is AnswerState.COMPLETE else ""


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=100, help="tokens a second")
    parser.add_argument("--size", type=size_of, default=(120, 40))
    parser.add_argument("--rtt", type=float, default=0, help="milliseconds there and back")
    parser.add_argument("--app", help=argparse.SUPPRESS)
    parser.add_argument("--report", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.app:
        run_app(options.app, options.report)
    return 0 if measure(options) else 1


if __name__ == "__main__":
    sys.exit(main())
