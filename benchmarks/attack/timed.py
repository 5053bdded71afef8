"""holytui with a look at its event loop: `python -m benchmarks.attack.timed FILE [ARGUMENTS…]`.

FILE gets the longest callback so far, as wall and CPU milliseconds. SIGUSR1 begins anew: it is sent when the prompt can
be typed in, as what is loaded before that keeps no key waiting.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import Any

from holytui import cli


def watch(file: Path) -> None:
    """Time every callback of the loop from now on."""
    run: Any = asyncio.events.Handle._run
    longest = [0.0, 0.0]

    def begin_anew(_number: int, _frame: object) -> None:
        longest[:] = [0.0, 0.0]

    def timed(handle: Any) -> None:
        wall, cpu = time.monotonic(), time.thread_time()
        run(handle)
        took, used = time.monotonic() - wall, time.thread_time() - cpu
        if took > longest[0] or used > longest[1]:
            longest[:] = [max(took, longest[0]), max(used, longest[1])]
            fresh = file.with_suffix(".new")
            fresh.write_text(f"{longest[0] * 1e3} {longest[1] * 1e3}")
            fresh.replace(file)  # it is read at any time

    signal.signal(signal.SIGUSR1, begin_anew)
    asyncio.events.Handle._run = timed  # type: ignore[method-assign,assignment]  # this is how it is watched


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
    sys.exit(cli.main(sys.argv[2:]))
