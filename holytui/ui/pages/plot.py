"""A bar plot of block characters, with minimum, median and maximum on its axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median_low

from rich.cells import cell_len

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_UNKNOWN = "·"
_WIDEST = 3
"""Maximum cells of a bar with its gap."""


@dataclass(frozen=True, slots=True)
class PlotRow:
    """One row: label of the axis, and bars."""

    axis: str
    bars: str


def plot(values: Sequence[float | None], width: int, height: int, label: Callable[[float], str]) -> list[PlotRow]:
    """`height` rows of at most `width` cells, for the last values that fit.

    Bars begin at zero, and each value above zero is visible. None, an unknown value, is a dot on the bottom row.
    """
    if width < 1 or height < 1:
        return []
    for count in range(min(len(values), width), 0, -1):
        axis = _axis(values[-count:], height, label)
        room = width - cell_len(axis[0])
        if room >= max(count, width // 2):
            return [PlotRow(*row) for row in zip(axis, _bars(values[-count:], room, height), strict=True)]
    return [PlotRow("", bars) for bars in _bars(values[-width:], width, height)]


def _bars(values: Sequence[float | None], width: int, height: int) -> list[str]:
    if not values:
        return [""] * height
    top = max((value for value in values if value is not None), default=0.0)
    step = min(_WIDEST, width // len(values))
    wide, gap = max(1, step - 1), " " if step > 1 else ""
    levels = [None if value is None else _level(value, top, height) for value in values]
    return [gap.join(_cell(level, ground) * wide for level in levels) for ground in range(height * 8 - 8, -1, -8)]


def _cell(level: int | None, ground: int) -> str:
    """The part of a bar in the row that begins `ground` eighths above zero."""
    if level is None:
        return " " if ground else _UNKNOWN
    return _EIGHTHS[max(0, min(8, level - ground))]


def _level(value: float, top: float, height: int) -> int:
    """The height of a bar in eighths of a row."""
    return max(1, round(value / top * height * 8)) if value > 0 else 0


def _axis(values: Sequence[float | None], height: int, label: Callable[[float], str]) -> list[str]:
    """Labels of the axis: maximum on top, minimum and median where their bars end, or the nearest free row."""
    known = sorted(max(0.0, value) for value in values if value is not None)
    if not known:
        return [""] * height
    top, middle, least = known[-1], median_low(known), known[0]

    def row_of(value: float) -> int:
        return height - 1 - max(0, _level(value, top, height) - 1) // 8

    names = {0: label(top)}
    low = height - 1
    if low and label(least) not in names.values():
        low = max(row_of(least), min(2, low))
        names[low] = label(least)
    if low > 1 and label(middle) not in names.values():
        names[min(max(row_of(middle), 1), low - 1)] = label(middle)
    wide = max(cell_len(name) for name in names.values())
    texts = [names.get(row, "") for row in range(height)]
    return [f"{' ' * (wide - cell_len(text))}{text} {'┤' if text else '│'}" for text in texts]
