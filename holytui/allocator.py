"""Memory of large texts goes back to the system as soon as they are freed."""

from __future__ import annotations

import sys
from functools import cache

_M_MMAP_THRESHOLD = -3
"""Of glibc's `mallopt`."""
_LARGE = 1 << 18


def trim() -> None:
    """Return free memory between the blocks in use to the system, on Linux with glibc. Takes some milliseconds."""
    if sys.platform.startswith("linux"):
        try:
            import ctypes

            ctypes.CDLL(None).malloc_trim(0)
        except (ImportError, OSError, AttributeError):  # another C library
            return


@cache
def give_back_large_blocks() -> None:
    """Have blocks of 256 KiB and more mapped on their own, on Linux.

    By default glibc does so only until the first such block is freed; from then on blocks of up to that size are cut
    from its heap, which seldom shrinks. Of an answer of 8 MB, of which there are several copies for a moment when it
    ends, 80 MB stayed with the process.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes

        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
    except (ImportError, OSError, AttributeError):  # another C library
        return
