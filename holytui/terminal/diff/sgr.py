"""Numbered terminal styles, and the shortest SGR sequence from one to another.

A cell holds the number of its style. Select Graphic Rendition (ECMA-48 8.3.117) sets attributes one by one, so a change
costs only the differences. The style of a link also has its address, which OSC 8 sets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

UNKNOWN = -1
"""The number for an unknown style."""

DEFAULT = 0
"""The number of the style without attributes, in the terminal's own colours."""

_OFF = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 6: 25, 7: 27, 8: 28, 9: 29, 21: 24, 51: 54, 52: 54, 53: 55}
_MAX_LINKED = 4096
"""Most styles with links."""
_ADDRESS = re.compile(r"https?://[!-~]{1,1000}", re.IGNORECASE)
# Attributes that show on blanks; GNU screen, and tmux in a terminal without italics, show italics inverted.
_ON_BLANKS = frozenset({3, 4, 5, 6, 7, 9, 21, 51, 52, 53})


@dataclass(frozen=True, slots=True)
class Look:
    """A style: attributes by SGR number, colours as SGR parameters, empty for the terminal's own."""

    attributes: frozenset[int] = frozenset()
    foreground: str = ""
    background: str = ""
    link: str = ""
    """The address that the cells lead to, printable ASCII; empty for none."""

    @property
    def parameters(self) -> list[str]:
        """The SGR parameters that set this look after a reset."""
        colours = [colour for colour in (self.foreground, self.background) if colour]
        return [*(str(number) for number in sorted(self.attributes)), *colours]


def parse_look(parameters: str, *, colours: bool = True) -> Look:
    """Parse SGR `parameters` (`"1;38;2;255;0;0;44"`); without `colours`, only attributes.

    Raises ValueError if they are not numbers.
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
    """Return the OSC 8 sequence that links the cells after it to `address`, or ends a link if it is empty."""
    return f"\x1b]8;;{address}\x1b\\"


class StyleTable:
    """Numbers looks. A theme has some dozens of them, so the table only grows; the number of links is limited."""

    def __init__(self, *, colours: bool = True, links: bool = False) -> None:
        self._colours = colours
        self._with_links = links
        self._linked = 0
        self._looks: list[Look] = [Look()]
        self._numbers: dict[Look, int] = {Look(): DEFAULT}
        self._parsed: dict[tuple[str, str], int] = {("", ""): DEFAULT}
        self._unlinked: list[int] = [DEFAULT]
        """For each style, the style without its link."""
        self._changes: dict[tuple[int, int], str] = {}
        self.blanks: list[int] = [DEFAULT]
        """For each style, the style of a blank in it: without the colour and weight of letters."""

    def number(self, parameters: str, link: str = "") -> int:
        """Return the number of the style that SGR `parameters` set after a reset, with a link to `link`."""
        if link and not self._accepts(link):
            link = ""
        found = self._parsed.get((parameters, link))
        if found is None:
            look = parse_look(parameters, colours=self._colours)
            found = self._add(replace(look, link=link) if link else look)
            self._parsed[parameters, link] = found
        return found

    def _accepts(self, link: str) -> bool:
        return self._with_links and self._linked < _MAX_LINKED and _ADDRESS.fullmatch(link) is not None

    def without_link(self, number: int) -> int:
        """Return the style without its link, or the style itself if it has none."""
        return self._unlinked[number]

    def look(self, number: int) -> Look:
        """Return the look with a number."""
        return self._looks[number]

    def default_background(self, number: int) -> bool:
        """Return whether a style has the terminal's own background."""
        return not self._looks[number].background

    def change(self, old: int, new: int) -> str:
        """Return the shortest sequence from style `old` (or UNKNOWN) to `new`."""
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
