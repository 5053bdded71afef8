"""What a process holds, measured in itself, and whether it stays the same."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

COUNTED = (
    "MessageView", "MarkdownDocument", "AttemptStream", "Mailbox", "Exchange", "Lane", "Turn", "Runner", "_Live",
    "Worker", "Message", "Thread", "StylesCache",
)  # fmt: skip
"""Classes of which few are alive when nothing happens; named, as some are private to their modules."""
WARM = 1_000
"""Answers after which all must be flat: caches are full, the allocator has its arenas."""
SLOPE = 3.0
"""MB that each further 1,000 answers may add. 2.0 were measured: the C library's fragments, as Python's blocks do not
grow and `malloc_trim` gives them back. 8.3 was the leak of five widgets every 50 answers."""
SLACK = 3
"""File descriptors, threads and tasks that may be there or not: idle connections, the pool of the loop."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was held after so many answers."""

    answers: int
    seconds: float
    memory: float
    """Megabytes of resident memory, after a collection of garbage."""
    descriptors: int
    threads: int
    tasks: int
    objects: int


def take(answers: int, seconds: float) -> Sample:
    """A sample of this process; to be called on the loop."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Sample(
        answers,
        seconds,
        pages * resource.getpagesize() / 1e6,
        len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names alone
        threading.active_count(),
        len(asyncio.all_tasks()),
        sum(alive().values()),
    )


def alive() -> Counter[str]:
    """How many objects of the counted classes there are, after a collection of garbage."""
    gc.collect()
    names = (type(each).__name__ for each in gc.get_objects())
    return Counter(name for name in names if name in COUNTED)


def growing(samples: Sequence[Sample], warm: int = WARM) -> list[str]:
    """What is not flat after the first `warm` answers, as sentences; empty if all is."""
    later = [sample for sample in samples if sample.answers >= warm]
    if len(later) < 2:
        return ["too few answers to tell"]
    first, last = later[0], later[-1]
    out = []
    slope = _slope(later)
    if slope > SLOPE:
        out.append(f"memory grows by {slope:.1f} MB in 1,000 answers; {SLOPE} are allowed")
    for name in ("descriptors", "threads", "tasks"):
        before, after = getattr(first, name), getattr(last, name)
        if after > before + SLACK:
            out.append(f"{name}: {before} after {first.answers} answers, {after} after {last.answers}")
    if last.objects > 1.1 * first.objects + 50:
        out.append(f"objects: {first.objects} after {first.answers} answers, {last.objects} after {last.answers}")
    return out


def _slope(samples: Sequence[Sample]) -> float:
    """MB in 1,000 answers, by least squares."""
    count = len(samples)
    mean_x = sum(each.answers for each in samples) / count
    mean_y = sum(each.memory for each in samples) / count
    above = sum((each.answers - mean_x) * (each.memory - mean_y) for each in samples)
    return above / sum((each.answers - mean_x) ** 2 for each in samples) * 1_000
