"""Styles as the terminal knows them, numbered, and the shortest way from one to another.

A style may be that of a link: its address goes with the cells by a sequence of its own, OSC 8.

A cell holds a style's number. Select Graphic Rendition (ECMA-48 8.3.117) sets styles piece by piece, so going from
one to the next costs only what differs between them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

UNKNOWN = -1
"""The number of no style: what the terminal has set is not known."""

DEFAULT = 0
"""The number of the terminal's own colours without attributes."""

_OFF = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 6: 25, 7: 27, 8: 28, 9: 29, 21: 24, 51: 54, 52: 54, 53: 55}
# Attributes that show where there is no letter; GNU screen, and tmux in a terminal without italics, invert italics.
_MOST_LINKED = 4096
_ADDRESS = re.compile(r"https?://[!-~]{1,1000}", re.IGNORECASE)
_ON_BLANKS = frozenset({3, 4, 5, 6, 7, 9, 21, 51, 52, 53})


@dataclass(frozen=True, slots=True)
class Look:
    """Attributes by their SGR numbers; colours as SGR parameters, empty for the terminal's own."""

    attributes: frozenset[int] = frozenset()
    foreground: str = ""
    background: str = ""
    link: str = ""
    """The address that the cells lead to, printable ASCII; empty for none."""

    @property
    def parameters(self) -> list[str]:
        """The SGR parameters that set this look on a terminal that was just reset."""
        colours = [colour for colour in (self.foreground, self.background) if colour]
        return [*(str(number) for number in sorted(self.attributes)), *colours]


def parse_look(parameters: str, *, colours: bool = True) -> Look:
    """The look that SGR `parameters` (`"1;38;2;255;0;0;44"`) set after a reset; without `colours`, only attributes.

    Raises ValueError when they are not numbers.
    """
    attributes: set[int] = set()
    foreground = background = ""
    codes = [int(code) for code in parameters.split(";")] if parameters else []
    at = 0
    while at < len(codes):
        code = codes[at]
        taken = 1
        if code in (38, 48):
            taken = 5 if codes[at + 1 : at + 2] == [2] else 3
        part = ";".join(map(str, codes[at : at + taken]))
        at += taken
        if code in _OFF:
            attributes.add(code)
        elif 30 <= code <= 39 or 90 <= code <= 97:
            foreground = "" if code == 39 else part
        elif 40 <= code <= 49 or 100 <= code <= 107:
            background = "" if code == 49 else part
    if not colours:
        foreground = background = ""
    return Look(frozenset(attributes), foreground, background)


def _change(old: Look | None, new: Look) -> str:
    reset = new.parameters
    whole = f"\x1b[{';'.join(['0', *reset])}m" if reset else "\x1b[m"
    if old is None:
        return whole
    off = {_OFF[code] for code in old.attributes - new.attributes}
    on = {code for code in new.attributes if code not in old.attributes or _OFF[code] in off}
    parts = [str(code) for code in (*sorted(off), *sorted(on))]
    if old.foreground != new.foreground:
        parts.append(new.foreground or "39")
    if old.background != new.background:
        parts.append(new.background or "49")
    stepwise = f"\x1b[{';'.join(parts)}m" if parts else ""
    return stepwise if len(stepwise) < len(whole) else whole


def open_link(address: str) -> str:
    """The sequence from which on cells lead to an address; to none if it is empty."""
    return f"\x1b]8;;{address}\x1b\\"


class StyleTable:
    """Numbers for looks. A theme has some dozens of them, so the table only grows; of links it takes as many as a long
    session shows, and then no more."""

    def __init__(self, *, colours: bool = True, links: bool = False) -> None:
        self._colours = colours
        self._with_links = links
        self._linked = 0
        self._looks: list[Look] = [Look()]
        self._numbers: dict[Look, int] = {Look(): DEFAULT}
        self._parsed: dict[tuple[str, str], int] = {("", ""): DEFAULT}
        self._unlinked: list[int] = [DEFAULT]
        """For each style the one without its link."""
        self._changes: dict[tuple[int, int], str] = {}
        self.blanks: list[int] = [DEFAULT]
        """For each style the one that a blank in it shows as: letters' colour and weight do not matter there."""

    def number(self, parameters: str, link: str = "") -> int:
        """The number of the style that SGR `parameters` set after a reset, of cells that lead to `link`."""
        if link and not self._takes(link):
            link = ""
        found = self._parsed.get((parameters, link))
        if found is None:
            look = parse_look(parameters, colours=self._colours)
            found = self._add(replace(look, link=link) if link else look)
            self._parsed[parameters, link] = found
        return found

    def _takes(self, link: str) -> bool:
        return self._with_links and self._linked < _MOST_LINKED and _ADDRESS.fullmatch(link) is not None

    def without_link(self, number: int) -> int:
        """The style without its link, or itself if it has none."""
        return self._unlinked[number]

    def look(self, number: int) -> Look:
        """The look behind a number."""
        return self._looks[number]

    def default_background(self, number: int) -> bool:
        """Whether cells of this style stand on the terminal's own background."""
        return not self._looks[number].background

    def change(self, old: int, new: int) -> str:
        """The shortest sequence that takes the terminal from style `old` (or UNKNOWN) to `new`."""
        if self._linked:
            before = "" if old == UNKNOWN else self._looks[old].link
            after = self._looks[new].link
            plain = self._change(old if old == UNKNOWN else self._unlinked[old], self._unlinked[new])
            return plain if before == after and old != UNKNOWN else f"{open_link(after)}{plain}"
        return self._change(old, new)

    def _change(self, old: int, new: int) -> str:
        if old == new:
            return ""
        key = (old, new)
        found = self._changes.get(key)
        if found is None:
            found = _change(None if old == UNKNOWN else self._looks[old], self._looks[new])
            self._changes[key] = found
        return found

    def _add(self, look: Look) -> int:
        found = self._numbers.get(look)
        if found is not None:
            return found
        number = len(self._looks)
        self._looks.append(look)
        self._numbers[look] = number
        self.blanks.append(number)
        self._unlinked.append(number)
        if look.link:  # a blank is a part of a link, too
            self._linked += 1
            self._unlinked[number] = self._add(replace(look, link=""))
        elif not look.attributes & _ON_BLANKS:
            self.blanks[number] = self._add(Look(background=look.background))
        return number
