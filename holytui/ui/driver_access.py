"""Access to the terminal's driver: figures of the link, the mouse, a full repaint, raw output."""

from __future__ import annotations

from typing import Any

from textual.app import App

from holytui.terminal.diff.frame import Capabilities
from holytui.terminal.frame_pacer import LinkFigures
from holytui.terminal.textual_adapter.driver import ThinDriver


def link_figures(app: App[Any]) -> LinkFigures | None:
    """Figures of the link to the terminal; None with Textual's own driver."""
    driver = app._driver
    return driver.link_figures() if isinstance(driver, ThinDriver) else None


def capabilities(app: App[Any]) -> Capabilities | None:
    """What the terminal is known to support; None with Textual's own driver, or while nothing is known."""
    driver = app._driver
    return driver.capabilities() if isinstance(driver, ThinDriver) else None


def last_input(app: App[Any]) -> float:
    """When the last key, paste or mouse event was read, on the monotonic clock; minus infinity if none was."""
    driver = app._driver
    return driver.last_input if isinstance(driver, ThinDriver) else float("-inf")


def set_mouse(app: App[Any], wanted: bool) -> bool:
    """Turn the mouse on or off; returns whether it is on now."""
    driver = app._driver
    if isinstance(driver, ThinDriver):
        driver.set_mouse(wanted)
        return wanted
    return False


def watch_background(app: App[Any], on: bool) -> None:
    """Begin or cease to report the background of the terminal to the app."""
    driver = app._driver
    if isinstance(driver, ThinDriver):
        driver.watch_background(on)


def repaint(app: App[Any]) -> None:
    """Paint every cell again."""
    app.refresh(repaint=True, layout=True)
    driver = app._driver
    if isinstance(driver, ThinDriver):
        driver.repaint()


def write(app: App[Any], sequence: str) -> None:
    """Send a control sequence to the terminal; ignored when the app has none."""
    driver = app._driver
    if driver is not None:
        driver.write(sequence)
