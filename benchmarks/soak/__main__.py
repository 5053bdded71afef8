"""Ask 5,000 questions and print what the process holds: `python -m benchmarks.soak [ANSWERS]`.

The screen is the real one, without a terminal, against a server on the loopback that cuts, resets, refuses (429) and
stalls. The exit status is 1 if memory, file descriptors, threads or objects are not flat after the first thousand
answers, or an answer is not what was sent.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.soak import play, samples
from benchmarks.soak.samples import Sample
from tests.ui.app_harness import AppHarness, run_app

ANSWERS = 5_000
_EVERY = 100


async def soak(folder: Path, base_url: str, answers: int, every: int = _EVERY) -> tuple[list[Sample], int, list[int]]:
    """The samples, how many answers are in the history, and which of them are wrong."""
    harness = AppHarness(folder, play.config(base_url))
    found: list[Sample] = []
    begun = time.monotonic()
    try:
        async with run_app(harness) as driver:
            player = play.Player(driver.pilot, harness)
            for number in range(answers):
                await play.ask(player, number)
                if (number + 1) % every == 0:
                    found.append(samples.take(number + 1, time.monotonic() - begun))
                    tell(found[-1])
        kept = sum(len(harness.history.branch(talk.id)) // 2 for talk in harness.history.conversations())
        return found, kept, play.wrong(harness.history)
    finally:
        harness.close()


def tell(sample: Sample) -> None:
    """A row of the table."""
    print(
        f"{sample.answers:7} {sample.seconds:8.0f} s {sample.memory:9.1f} MB {sample.descriptors:5} files "
        f"{sample.threads:4} threads {sample.tasks:4} tasks {sample.objects:6} objects",
        flush=True,
    )


def main(arguments: Sequence[str]) -> int:
    """Run, print the table, judge it."""
    answers = int(arguments[0]) if arguments else ANSWERS
    with tempfile.TemporaryDirectory() as name, play.served() as base_url:
        os.environ.update(HOME=name, XDG_RUNTIME_DIR=name, HOLYTUI_DATA_DIR=f"{name}/data")
        found, kept, wrong = asyncio.run(soak(Path(name), base_url, answers))
    told = samples.growing(found)
    if kept != answers:
        told.append(f"{kept} of {answers} answers are in the history")
    if wrong:
        told.append(f"{len(wrong)} answers are not what was sent: {wrong[:20]}")
    print("\n".join(told) or "flat, and every answer is what was sent")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
