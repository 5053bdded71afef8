"""holytui with a look at its event loop: `python -m benchmarks.attack.timed FILE [ARGUMENTS…]`.

FILE gets the longest callback so far, as wall and CPU milliseconds; the first seconds, in which things are loaded, do
not count.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from holytui import cli

_WARM = 4.0


def watch(file: Path) -> None:
    """Time every callback of the loop from now on."""
    run: Any = asyncio.events.Handle._run
    begun = time.monotonic()
    longest = [0.0, 0.0]

    def timed(handle: Any) -> None:
        wall, cpu = time.monotonic(), time.thread_time()
        run(handle)
        took, used = time.monotonic() - wall, time.thread_time() - cpu
        if wall - begun > _WARM and (took > longest[0] or used > longest[1]):
            longest[:] = [max(took, longest[0]), max(used, longest[1])]
            file.write_text(f"{longest[0] * 1e3} {longest[1] * 1e3}")

    asyncio.events.Handle._run = timed  # type: ignore[method-assign,assignment]  # this is how it is watched


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
    sys.exit(cli.main(sys.argv[2:]))
