"""Queries a terminal that no full screen uses: round trip, modes, keyboard protocols, and the width of texts."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from holytui.i18n import N_
from holytui.terminal.facts import MeasuredText, TerminalFacts
from holytui.terminal.tty import LineSettings

SAMPLES = (
    MeasuredText(N_("decomposed Vietnamese"), "Tie\u0302\u0301ng Vie\u0302\u0323t", 10),
    MeasuredText(N_("Chinese"), "漢字漢字", 8),
    MeasuredText(N_("joined emoji"), "👩\u200d🚀", 2),
)
"""Texts whose widths terminals disagree about, with the width that holytui lays them out by."""
LIMIT = 3.0
"""Seconds for all reports; over a poor link the first one alone may take one."""
_POSITION = re.compile(rb"\x1b\[(\d+);(\d+)R")
_ATTRIBUTES = re.compile(rb"\x1b\[\?[\d;]*c")
"""Primary device attributes: every terminal answers, in order, so that nothing comes after it."""
_SYNC = re.compile(rb"\x1b\[\?2026;(\d)\$y")
_KITTY = re.compile(rb"\x1b\[\?\d+u")
_ERASE = b"\r\x1b[K"
_INTERRUPT = b"\x03"


def probe_terminal(
    source: int,
    target: int,
    environ: Mapping[str, str],
    *,
    limit: float = LIMIT,
    clock: Callable[[], float] = time.monotonic,
) -> TerminalFacts:
    """Query the terminal behind `source` (input) and `target` (output), for at most `limit` seconds.

    The samples are written to the current line, which is erased. The line settings are restored in any case. Raises
    KeyboardInterrupt for Ctrl+C.
    """
    try:
        columns, rows = os.get_terminal_size(target)
    except OSError:
        columns = rows = 0
    unknown = TerminalFacts(columns, rows, answers=False)
    if environ.get("TERM", "") in ("", "dumb", "unknown"):
        return unknown
    end = clock() + limit
    line = LineSettings(source)
    line.make_raw()
    try:
        return _query(source, target, environ, unknown, end, clock)
    finally:
        line.discard_input()
        line.restore()


def _query(
    source: int, target: int, environ: Mapping[str, str], facts: TerminalFacts, end: float, clock: Callable[[], float]
) -> TerminalFacts:
    began = clock()
    _write(target, b"\x1b[6n")
    if _POSITION.search(_read_until(_POSITION, source, end, clock)) is None:
        return facts
    facts = replace(facts, answers=True, round_trip=clock() - began)
    if environ.get("TERM_PROGRAM") != "Apple_Terminal":  # it shows a part of these queries
        _write(target, b"\x1b[?2026$p\x1b[?u")
    for sample in SAMPLES:
        _write(target, b"\r" + sample.text.encode() + b"\x1b[6n" + _ERASE)
    _write(target, b"\x1b[c")
    received = _read_until(_ATTRIBUTES, source, end, clock)
    sync = _SYNC.search(received)
    positions = [int(found[2]) - 1 for found in _POSITION.finditer(received)]
    texts = [replace(sample, found=positions[at] if at < len(positions) else None) for at, sample in enumerate(SAMPLES)]
    return replace(
        facts,
        sync=sync is not None and sync[1] in (b"1", b"2", b"3"),
        kitty_keys=_KITTY.search(received) is not None,
        texts=tuple(texts),
    )


def _read_until(last: re.Pattern[bytes], source: int, end: float, clock: Callable[[], float]) -> bytes:
    """Read up to a match of `last`, or until `end`."""
    received = b""
    while last.search(received) is None and (left := end - clock()) > 0:
        if not select.select([source], [], [], left)[0]:
            break
        try:
            data = os.read(source, 4096)
        except OSError:
            break
        if not data:
            break
        if _INTERRUPT in data:
            raise KeyboardInterrupt
        received += data
    return received


def _write(target: int, data: bytes) -> None:
    while data:
        data = data[os.write(target, data) :]
