"""The quality of the link to the terminal, as the status line names it."""

from __future__ import annotations

from itertools import pairwise

from holytui import formatting as fmt
from holytui.i18n import _
from holytui.terminal.frame_pacer import LinkFigures

_STEPS = (0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Round trips that are distinguished, in seconds. Faster ones are not shown."""
_HYSTERESIS = 1.5
"""The label changes only when the round trip changes by this factor: each change costs bytes on the slow link."""
_SHOW_DROPS, _HIDE_DROPS = 0.5, 0.3
"""Parts of dropped frames that show and clear the warning. On a good link 0.02 are dropped while text streams."""
_SETTLED = 24
"""Frames after which the smoothed round trip is that of the link alone; the first answers of the terminal are read
while holytui itself is busy starting."""
_WINDOW = 60
"""Frames per measurement of the dropped part."""


class LinkLabel:
    """Turns figures of the link into a label that is empty on a good link and changes seldom."""

    def __init__(self) -> None:
        self._step: float | None = None
        self._drops = False
        self._since = (0, 0)

    def words(self, figures: LinkFigures | None) -> str:
        """The label for these figures."""
        if figures is None:
            return ""
        self._take_round_trip(figures.round_trip if figures.frames_written >= _SETTLED else None)
        self._take_frames(figures.frames_written, figures.frames_dropped)
        if self._step is None:
            return _("frames dropped") if self._drops else ""
        slow = fmt.seconds(self._step) if self._step >= 1 else f"{self._step * 1000:.0f} ms"
        return _("link {time}").format(time=slow)

    def _take_round_trip(self, seconds: float | None) -> None:
        if seconds is None or seconds * _HYSTERESIS < _STEPS[0]:
            self._step = None
        elif self._step is None:
            self._step = _nearest(seconds) if seconds >= _STEPS[0] else None
        elif not self._step / _HYSTERESIS <= seconds <= self._step * _HYSTERESIS:
            self._step = _nearest(seconds)

    def _take_frames(self, written: int, dropped: int) -> None:
        new, left_out = written - self._since[0], dropped - self._since[1]
        if new < 0 or left_out < 0:  # the driver began to count anew
            self._since, self._drops = (written, dropped), False
        elif new + left_out >= _WINDOW:
            part = left_out / (new + left_out)
            self._since, self._drops = (written, dropped), part >= (_HIDE_DROPS if self._drops else _SHOW_DROPS)


def _nearest(seconds: float) -> float:
    """The nearest step, by ratio."""
    return next((low for low, high in pairwise(_STEPS) if seconds * seconds < low * high), _STEPS[-1])
