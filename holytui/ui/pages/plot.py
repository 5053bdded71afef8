"""A plot of blocks: a bar a value, several rows high, with an axis that names least, median and most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median_low

from rich.cells import cell_len

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_UNKNOWN = "·"
_WIDEST = 3
"""Cells that a bar takes at most, the gap after it counted in."""


@dataclass(frozen=True, slots=True)
class PlotRow:
    """One row: what stands on the axis, and the bars."""

    axis: str
    bars: str


def plot(values: Sequence[float | None], width: int, height: int, label: Callable[[float], str]) -> list[PlotRow]:
    """`height` rows of at most `width` cells; of more values than there is room for, the last ones.

    Bars stand on zero, and whatever is above zero can be seen. None is not known: a point on the ground.
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
    """What is to be seen of a bar in the row that begins `ground` eighths above zero."""
    if level is None:
        return " " if ground else _UNKNOWN
    return _EIGHTHS[max(0, min(8, level - ground))]


def _level(value: float, top: float, height: int) -> int:
    """The height of a bar in eighths of a row."""
    return max(1, round(value / top * height * 8)) if value > 0 else 0


def _axis(values: Sequence[float | None], height: int, label: Callable[[float], str]) -> list[str]:
    """The most on top, least and median where their bars end, or a row beside that where another one stands."""
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
