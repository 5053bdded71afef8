"""Choosing a theme: the highlighted one is on the whole screen at once, the picked one stays and is written down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import App
from textual.content import Content
from textual.theme import Theme
from textual.widgets import OptionList, Static

from holytui.config.write import set_value
from holytui.errors import ConfigError
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.text import sanitize_line
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import Picker
from holytui.ui.reporting import ask
from holytui.ui.themes import loader

if TYPE_CHECKING:
    from holytui.ui.chat.screen import ChatScreen


class ThemePicker(Picker):
    """Pick one of the themes, with the conversation behind it in the colours of the highlighted one."""

    def __init__(self, found: loader.Loaded, current: str) -> None:
        choices = [Choice(theme.name, theme.name, _remark(theme)) for theme in found.themes]
        super().__init__(_("Theme"), choices, current)
        self._problems = found.problems

    def on_mount(self) -> None:
        """Files that cannot be used are told below the list."""
        if self._problems:
            words = Content("\n".join(f"▲ {problem}" for problem in self._problems)).stylize("$warning")
            self.query_one("#dialog").mount(Static(words, id="dialog-note"))

    @on(OptionList.OptionHighlighted)
    def _preview(self, event: OptionList.OptionHighlighted) -> None:
        if self.is_current and event.option.id is not None:  # one that comes late must not undo what was decided
            self.app.theme = event.option.id


def _remark(theme: Theme) -> str:
    if theme.ansi:
        return _("your terminal's own colours")
    return _("dark") if theme.dark else _("light")


async def pick(screen: ChatScreen) -> None:
    """Let the user pick one; files that were added or changed since the start count."""
    app = screen.app
    before = app.theme
    found = await asyncio.to_thread(loader.load)
    _take(app, found)

    async def chosen(name: str | None) -> None:
        app.theme = name or before
        if name is not None:
            await _keep(screen, name)

    ask(screen, ThemePicker(found, before), chosen)


def _take(app: App[Any], found: loader.Loaded) -> None:
    before = app.current_theme
    for theme in found.themes:
        app.register_theme(theme)
    if app.current_theme != before:
        app.refresh_css(animate=False)


async def _keep(screen: ChatScreen, name: str) -> None:
    from holytui.ui.app import HolytuiApp  # which imports this module's users

    assert isinstance(screen.app, HolytuiApp)
    file = screen.app.config_file
    try:
        await asyncio.to_thread(set_value, file, "ui.theme", name)
    except ConfigError as error:
        words = _("theme {name}, only until holytui ends · {problem}")
        screen.say(words.format(name=name, problem=error), Level.ERROR)
    else:
        words = _("theme {name}, written into {file}")
        screen.say(words.format(name=name, file=sanitize_line(str(file))))
