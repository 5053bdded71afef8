"""The way to the terminal, as the app sees it: its figures, and the mouse."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.content import Content

from holytui.i18n import _
from holytui.terminal.driver import ThinDriver
from holytui.ui import format as fmt


def lines(app: App[Any]) -> list[Content]:
    """The figures of the link, for the details page."""
    driver = app._driver
    if not isinstance(driver, ThinDriver):
        return [Content(_("the terminal is written to by Textual's own driver"))]
    figures = driver.link_figures()
    total = fmt.size(figures.bytes_total)
    return [
        Content.assemble((_("The way to your terminal"), "bold $primary")),
        Content(_("there and back  {time}").format(time=fmt.seconds(figures.round_trip or 0.0))),
        Content(_("written         {size} in {count} frames").format(size=total, count=figures.frames_written)),
        Content(_("left out        {count} frames that newer ones overtook").format(count=figures.frames_dropped)),
    ]


def set_mouse(app: App[Any], wanted: bool) -> bool:
    """Turn the mouse on or off; whether it is on now."""
    driver = app._driver
    if isinstance(driver, ThinDriver):
        driver.set_mouse(wanted)
        return wanted
    return False
