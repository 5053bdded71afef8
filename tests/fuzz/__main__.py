"""Fuzz the targets, one after the other: `python -m tests.fuzz FOLDER SECONDS [TARGET…]`.

FOLDER keeps the corpus of each target from one run to the next, its log, and the inputs that broke something. Prints a
row for each target; the exit status is 1 if anything broke.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from hashlib import sha1
from importlib import import_module
from pathlib import Path

from tests.fuzz import TARGETS

_STATISTIC = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_COVERED = re.compile(r"cov: (\d+) ft: \d+ corp: (\d+)")
_SLOWEST = 20
"""Seconds that one input may take."""
_MEGABYTES = 2048
_LONGEST = 16_384


def main(arguments: Sequence[str]) -> int:
    """Run the targets of these names, or all."""
    folder, seconds, *wanted = arguments
    broken = 0
    for name in wanted or TARGETS:
        if name not in TARGETS:
            print(f"there is no target {name}; there are {', '.join(TARGETS)}")
            return 2
        broken += not _fuzz(name, Path(folder), int(seconds))
    return 1 if broken else 0


def _fuzz(name: str, folder: Path, seconds: int) -> bool:
    corpus, crashes = folder / "corpus" / name, folder / "found" / name
    for each in (corpus, crashes):
        each.mkdir(parents=True, exist_ok=True)
    for seed in (*import_module(f"tests.fuzz.{name}").seeds(), *_found(name)):
        (corpus / sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    before = set(crashes.iterdir())
    begun, log = time.monotonic(), folder / f"{name}.log"
    with log.open("w") as out:
        command = [sys.executable, "-m", "tests.fuzz.worker", name, str(corpus), f"-max_total_time={seconds}"]
        command += [f"-artifact_prefix={crashes}/", f"-timeout={_SLOWEST}", f"-rss_limit_mb={_MEGABYTES}"]
        command += [f"-max_len={_LONGEST}", "-print_final_stats=1", "-use_value_profile=1"]
        status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False).returncode
    told = log.read_text(errors="replace")
    runs = _STATISTIC.search(told)
    covered = _COVERED.findall(told)
    new = sorted(str(path) for path in set(crashes.iterdir()) - before if not path.name.startswith("slow-"))
    good = status == 0 and not new
    print(
        f"{name:14} {time.monotonic() - begun:6.0f} s {int(runs[1]) if runs else 0:10} runs"
        f"  coverage {covered[-1][0] if covered else '?':>5}  corpus {covered[-1][1] if covered else '?':>5}"
        f"  {'ok' if good else f'FAIL (exit {status}, see {log}): ' + ' '.join(new)}",
        flush=True,
    )
    return good


def _found(name: str) -> Sequence[bytes]:
    folder = Path(__file__).parent / "found" / name
    return [file.read_bytes() for file in sorted(folder.glob("*"))] if folder.is_dir() else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
