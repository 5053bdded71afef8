"""The app side of the thin driver: passes it Textual's updates, and renders only damaged widgets."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from rich.color import ColorSystem
from rich.segment import Segment
from textual import events
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.app import App, ReturnType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter, Monochrome, NoColor
from textual.geometry import Region
from textual.screen import Screen, ScreenResultType
from textual.strip import Strip

from holytui.terminal.colours import NoColourFilter
from holytui.terminal.diff.frame import TerminalCursor
from holytui.terminal.diff.sgr import StyleTable
from holytui.terminal.textual_adapter.canvas import Canvas
from holytui.terminal.textual_adapter.compositor import ThinCompositor
from holytui.terminal.textual_adapter.driver import ThinDriver
from holytui.terminal.textual_adapter.parser import SafeParser
from holytui.terminal.textual_adapter.removed_widgets import let_go_of_removed_widgets

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.types import CSSPathType

log = logging.getLogger(__name__)


class ThinScreen(Screen[ScreenResultType]):
    """A screen that caches the output of undamaged widgets."""

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(name, id, classes)
        if check_textual() is None:
            self._compositor = ThinCompositor()


class ThinApp(App[ReturnType]):
    """An app whose frames go to a `ThinDriver`; with any other driver it is an ordinary Textual app.

    With NO_COLOR in the environment, or on a terminal without colours, it is painted without any.
    """

    def __init__(
        self,
        driver_class: type[Driver] | None = None,
        css_path: CSSPathType | None = None,
        watch_css: bool = False,
        ansi_color: bool | None = None,
    ) -> None:
        let_go_of_removed_widgets()
        super().__init__(driver_class, css_path, watch_css, ansi_color)
        self._no_colour: NoColourFilter | None = None
        if self.no_color or self.console.color_system is None:
            self._no_colour = NoColourFilter()
            # visible backgrounds are found by their contrast, which is unknown for the terminal's own colours
            self.set_reactive(App.ansi_color, False)

    @property
    def watches_background(self) -> bool:
        """Whether the driver asks for the background of the terminal when it starts, for `BackgroundReported`."""
        return False

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the filters; without colours `NoColourFilter` replaces Textual's shades of grey."""
        filters = super().get_line_filters()
        if self._no_colour is None:
            return filters
        return [*(one for one in filters if not isinstance(one, Monochrome | NoColor)), self._no_colour]

    def get_default_screen(self) -> Screen[Any]:
        """Return the screen behind all others."""
        return ThinScreen(id="_default")

    def start_with_theme(self, name: str) -> None:
        """Set the theme before the style sheet is read, so that it is not read twice."""
        self.set_reactive(App.theme, name)
        self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        driver = self._driver
        if not isinstance(driver, ThinDriver) or not isinstance(renderable, LayoutUpdate | ChopsUpdate):
            super()._display(screen, renderable)
            return
        try:
            if self._running and not self._closed and not self._batch_count:
                size = self.screen.outer_size
                driver.paint(renderable, size, size.clamp_offset(self.cursor_position))
        finally:
            self.post_display_hook()


@cache
def check_textual() -> str | None:
    """Return why `ThinDriver` cannot work with this Textual; None if it can."""
    try:
        strip = Strip([Segment("ab")], 2)
        canvas = Canvas(StyleTable(), ColorSystem.TRUECOLOR)
        canvas.resize(4, 2)
        canvas.apply(LayoutUpdate([[strip], [strip]], Region(0, 0, 4, 2)))
        canvas.apply(ChopsUpdate([{0: None, 2: strip}, {0: None, 2: None}], [(0, 2, 4)], [[2, 4], [2, 4]]))
        if ["".join(row.chars) for row in canvas.frame(TerminalCursor()).rows] != ["abab", "ab  "]:
            return "the compositor's updates have another meaning"
        reports: list[str] = []
        parser = SafeParser(lambda: reports.append("status"), lambda mode, _: reports.append(str(mode)))
        messages = list(parser.feed("\x1b[0n\x1b[?2026;2$y\x1b[200~a\x1b[Ab\x1b[201~"))
        if reports != ["status", "2026"] or [type(message) for message in messages] != [events.Paste]:
            return "the key parser works in another way"
    except (AttributeError, LookupError, TypeError, ValueError, AssertionError) as error:
        return f"{type(error).__name__}: {error}"
    needed: list[tuple[object, tuple[str, ...]]] = [
        (Compositor, ("_get_renders", "visible_widgets")),
        (StylesCache(), ("_cache", "_dirty_lines")),
        (App, ("_display", "post_display_hook", "_handle_exception", "_refresh_truecolor_filter")),
        (LinuxDriver, ("_patch_lflag", "_patch_iflag", "_run_input_thread", "_sigtstp_application")),
    ]
    missing = [name for owner, names in needed for name in names if not hasattr(owner, name)]
    return f"it has no {', '.join(missing)}" if missing else None


def driver_class() -> type[Driver]:
    """Return `ThinDriver`, or, where it cannot work, Textual's own driver, and log why."""
    reason = check_textual() if sys.__stdin__ is not None and sys.__stderr__ is not None else "there is no terminal"
    if reason is None:
        return ThinDriver
    log.warning("using Textual's own driver, which writes more bytes: %s", reason)
    return LinuxDriver
