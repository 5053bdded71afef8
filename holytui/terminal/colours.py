"""Colours for terminals with fewer of them: the nearest of 256 or 16, or none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as TextualColor
from textual.filter import LineFilter

Triplet: TypeAlias = tuple[int, int, int]

READABLE: Final = 4.5
"""The contrast ratio that WCAG 2 requires of text."""
READABLE_MUTED: Final = 3.0
"""The contrast ratio required of less important text."""

_STEPS: Final = (0, 95, 135, 175, 215, 255)
_VISIBLE: Final = 2.0
"""The contrast from which a background is meant to be seen, as a cursor's; panels have less than 1.4."""


_SIXTEEN: Final[Sequence[Triplet]] = (
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
    (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255),
    (255, 255, 255),
)  # fmt: skip


def palette(number: int) -> Triplet:
    """Return colour `number` of xterm's 256; terminals agree about them from 16 on."""
    if number < 16:
        return _SIXTEEN[number]
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return grey, grey, grey
    red, rest = divmod(number - 16, 36)
    return _STEPS[red], _STEPS[rest // 6], _STEPS[rest % 6]


@lru_cache(maxsize=4096)
def luminance(colour: Triplet) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2)."""
    red, green, blue = map(_linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Triplet, other: Triplet) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=1024)
def nearest(colour: Triplet, depth: ColorSystem, ground: Triplet | None = None, least: float = 0.0) -> int:
    """Return the number of the terminal's colour nearest to `colour` in Oklab.

    With a `ground`, only colours with a contrast of at least `least` to it count, if there are any. Rich rounds each
    component by itself, which turns a dark grey into navy.
    """
    target = _oklab(colour)
    candidates: Sequence[int] = _STANDARD if depth is ColorSystem.STANDARD else _EIGHT_BIT
    if ground is not None:
        candidates = [number for number in candidates if contrast(palette(number), ground) >= least] or candidates
    return min(candidates, key=lambda number: _distance(target, _LAB[number]))


def fit_style(style: Style, depth: ColorSystem) -> Style:
    """Convert a style to the colours of a terminal with 16 or 256; readable text stays readable."""
    if depth not in (ColorSystem.STANDARD, ColorSystem.EIGHT_BIT):
        return style
    colour, ground = _triplet(style.color), _triplet(style.bgcolor)
    if ground is None:
        return style + Style(color=Color.from_ansi(nearest(colour, depth))) if colour is not None else style
    behind = nearest(ground, depth)
    fitted = style + Style(bgcolor=Color.from_ansi(behind))
    if colour is None:
        return fitted
    before = contrast(colour, ground)
    least = next((level for level in (READABLE, READABLE_MUTED) if before >= level), 0.0)
    return fitted + Style(color=Color.from_ansi(nearest(colour, depth, palette(behind), least)))


class NoColourFilter(LineFilter):
    """Removes all colours, for NO_COLOR. Cells with a visible background are shown in reverse."""

    def apply(self, segments: list[Segment], background: TextualColor) -> list[Segment]:
        """Return the segments without colours; `background` is that of their widget."""
        ground = background.rgb
        return [Segment(text, _without_colour(style, ground) if style else style, None) for text, style, _ in segments]


@lru_cache(maxsize=1024)
def _without_colour(style: Style, ground: Triplet) -> Style:
    behind = _triplet(style.bgcolor)
    visible = behind is not None and contrast(behind, ground) >= _VISIBLE
    plain = style.without_color
    return plain + Style(reverse=not style.reverse) if visible else plain


def _linear(part: int) -> float:
    share = part / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _oklab(colour: Triplet) -> tuple[float, float, float]:
    """Convert to Björn Ottosson's Oklab, where equal distances look equal."""
    red, green, blue = map(_linear, colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _triplet(colour: Color | None) -> Triplet | None:
    """Return the components of a 24-bit colour; None for the terminal's own colours, which are not changed."""
    if colour is None or colour.triplet is None:
        return None
    red, green, blue = colour.triplet
    return red, green, blue


_STANDARD: Final = range(16)
_EIGHT_BIT: Final = range(16, 256)
_LAB: Final = [_oklab(palette(number)) for number in range(256)]
