"""The way to the terminal, as the app sees it: its figures, what the status bar says of it, and the mouse."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from textual.app import App
from textual.content import Content

from holytui import formatting as fmt
from holytui.i18n import _
from holytui.terminal.diff.frame import Capabilities
from holytui.terminal.pace import LinkFigures
from holytui.terminal.textual_adapter.driver import ThinDriver
from holytui.ui.pages.columns import facts

_STEPS = (0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Round trips that the status bar tells apart, in seconds; what is faster is not worth saying."""
_STICKS = 1.5
"""How many times longer or shorter a round trip must be before other words are written, over the link that is slow."""
_SKIPS, _KEEPS = 0.5, 0.3
"""Part of the frames that are left out from which on it is said, and below which no longer. On a good link while text
streams these are two in a hundred."""
_SETTLED = 24
"""Frames after which the smoothed round trip is that of the link alone."""
_ENOUGH = 60
"""Frames after which that part is looked at again."""


class Quality:
    """What the status bar says of the link, which is nothing where it is good; the words change seldom."""

    def __init__(self) -> None:
        self._step: float | None = None
        self._skips = False
        self._since = (0, 0)

    def words(self, figures: LinkFigures | None) -> str:
        """For the figures as they are now."""
        if figures is None:
            return ""
        # the first answers were read while holytui itself was busy starting
        self._take_round_trip(figures.round_trip if figures.frames_written >= _SETTLED else None)
        self._take_frames(figures.frames_written, figures.frames_dropped)
        if self._step is None:
            return _("frames left out") if self._skips else ""
        slow = fmt.seconds(self._step) if self._step >= 1 else f"{self._step * 1000:.0f} ms"
        return _("link {time}").format(time=slow)

    def _take_round_trip(self, seconds: float | None) -> None:
        if seconds is None or seconds * _STICKS < _STEPS[0]:
            self._step = None
        elif self._step is None:
            self._step = _step(seconds) if seconds >= _STEPS[0] else None
        elif not self._step / _STICKS <= seconds <= self._step * _STICKS:
            self._step = _step(seconds)

    def _take_frames(self, written: int, dropped: int) -> None:
        new, left_out = written - self._since[0], dropped - self._since[1]
        if new < 0 or left_out < 0:  # the count began anew
            self._since, self._skips = (written, dropped), False
        elif new + left_out >= _ENOUGH:
            part = left_out / (new + left_out)
            self._since, self._skips = (written, dropped), part >= (_KEEPS if self._skips else _SKIPS)


def _step(seconds: float) -> float:
    """The step that is nearest, by ratio."""
    return next((low for low, high in pairwise(_STEPS) if seconds * seconds < low * high), _STEPS[-1])


def figures(app: App[Any]) -> LinkFigures | None:
    """How the line does; None where Textual's own driver writes to it."""
    driver = app._driver
    return driver.link_figures() if isinstance(driver, ThinDriver) else None


def lines(app: App[Any], width: int) -> list[Content]:
    """All that is known of the link, for the details page."""
    driver = app._driver
    if not isinstance(driver, ThinDriver):
        return [Content(_("the terminal is written to by Textual's own driver")).truncate(max(0, width), ellipsis=True)]
    return facts(rows(driver.link_figures(), driver.learnt()), width)


def rows(told: LinkFigures, learnt: Capabilities | None) -> list[tuple[str, list[str]]]:
    """A name and its figures, the first the most telling."""
    written, left_out = told.frames_written, told.frames_dropped
    trip = _("the terminal does not answer")
    if told.round_trip is not None:
        trip = f"{told.round_trip * 1000:.0f} ms" if told.round_trip < 1 else fmt.seconds(told.round_trip)
    frames = [_("{count} written").format(count=fmt.whole(written))]
    if left_out:
        share = f"{left_out / (written + left_out) * 100:.0f} %"
        words = _("{count} left out as newer ones came ({share})")
        frames.append(words.format(count=fmt.whole(left_out), share=share))
    sizes = [
        _("{size} a second now").format(size=fmt.size(int(told.bytes_per_s))),
        _("{size} in all").format(size=fmt.size(told.bytes_total)),
    ]
    out = [(_("round trip"), [trip]), (_("bytes"), sizes), (_("frames"), frames)]
    return out if learnt is None else [*out, *_learnt(learnt)]


def _learnt(of: Capabilities) -> list[tuple[str, list[str]]]:
    """What the terminal was learnt to do, and not to do."""
    abilities = [
        (_("synchronized updates"), of.sync),
        (_("repeated characters"), of.rep),
        (_("side margins"), of.margins),
        (_("scroll regions"), of.scroll),
        (_("erasing in colour"), of.bce),
        (_("hyperlinks"), of.links),
    ]
    can = [name for name, there in abilities if there]
    cannot = [name for name, there in abilities if not there]
    return [(title, names) for title, names in ((_("it can"), can), (_("it cannot"), cannot)) if names]


def set_mouse(app: App[Any], wanted: bool) -> bool:
    """Turn the mouse on or off; whether it is on now."""
    driver = app._driver
    if isinstance(driver, ThinDriver):
        driver.set_mouse(wanted)
        return wanted
    return False


def repaint(app: App[Any]) -> None:
    """Paint everything anew, whatever the terminal shows by now."""
    app.refresh(repaint=True, layout=True)
    driver = app._driver
    if isinstance(driver, ThinDriver):
        driver.repaint()
