"""Run every benchmark, one after another: `python -m benchmarks`."""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    "terminal",
    "stall --seconds 15",
    "markdown",
    "log",
    "seams",
    "cuts prefill",
    "cuts instruct",
    "store_commit",
    "store_search",
    "store_figures",
    "store_import",
    "store_million",
    "store_shared",
)


def main() -> int:
    """Each in a process of its own; the status of the last one that failed."""
    status = 0
    for name in NAMES:
        print(f"\n== {name}\n", flush=True)
        status = subprocess.run([sys.executable, "-m", *f"benchmarks.{name}".split()], check=False).returncode or status
    return status


if __name__ == "__main__":
    sys.exit(main())
