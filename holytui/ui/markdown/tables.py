"""Rows of GFM tables: cells and delimiter rows."""

from __future__ import annotations

import re
from typing import Final

_DELIMITER_CELL: Final = re.compile(r":?-+:?")
_PIPE: Final = re.compile(r"\\?\|")
_MAX_COLUMNS: Final = 64
"""Maximum columns of a table; each row costs all of them, however short it is."""


def split_cells(line: str) -> list[str]:
    """Split a row into cells; `\\|` is a pipe within a cell."""
    out: list[str] = []
    last = 0
    line = line.strip(" \t")
    for match in _PIPE.finditer(line):
        if match.group() == "|":
            out.append(line[last : match.start()])
            last = match.end()
    out.append(line[last:])
    if out and not out[0]:
        del out[0]
    if out and not out[-1]:
        del out[-1]
    return [cell.replace("\\|", "|").strip(" \t") for cell in out]


def alignments(line: str) -> tuple[str, ...]:
    """Return the alignment of each column if `line` is a delimiter row (`|---|:-:|`), otherwise an empty tuple."""
    line = line.strip(" \t")
    if len(line) < 2 or line[0] not in "|-:" or line.strip("|-: \t") or (line[0] == "-" and line[1] in " \t"):
        return ()
    columns = [part.strip(" \t") for part in line.split("|")]
    if not columns[0]:
        del columns[0]
    if columns and not columns[-1]:
        del columns[-1]
    if not all(_DELIMITER_CELL.fullmatch(column) for column in columns):
        return ()
    return tuple(_alignment(column) for column in columns)


def _alignment(dashes: str) -> str:
    if dashes[-1] == ":":
        return "center" if dashes[0] == ":" else "right"
    return "left" if dashes[0] == ":" else ""


def header_fits(header: str, aligns: tuple[str, ...]) -> bool:
    """Return whether the line above a delimiter row is a header with the same number of cells."""
    return 0 < len(aligns) <= _MAX_COLUMNS and "|" in header and len(split_cells(header)) == len(aligns)
