"""Choosing a theme with a live preview; the picked one is written to the configuration."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from textual import on
from textual.app import App
from textual.content import Content
from textual.theme import Theme
from textual.widgets import OptionList, Static

from holytui.config.schema import AUTO_THEME
from holytui.config.write import set_value
from holytui.errors import ConfigError
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.text import sanitize_line
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import Picker
from holytui.ui.ports import Dialogs, Reporter
from holytui.ui.themes import loader
from holytui.ui.themes.following import BackgroundThemes


class ThemePicker(Picker):
    """Picks a theme; the conversation behind shows the highlighted one."""

    def __init__(self, found: loader.LoadedThemes, current: str, automatic: str) -> None:
        """`current` may be `auto`; `automatic` is the theme that `auto` stands for at present."""
        choices = [Choice(theme.name, theme.name, _remark(theme)) for theme in found.themes]
        choices.append(Choice(AUTO_THEME, AUTO_THEME, _("follows the background of the terminal")))
        super().__init__(_("Theme"), choices, current)
        self._problems = found.problems
        self._automatic = automatic

    def on_mount(self) -> None:
        """Show invalid files below the list."""
        if self._problems:
            words = Content("\n".join(f"▲ {problem}" for problem in self._problems)).stylize("$warning")
            self.query_one("#dialog").mount(Static(words, id="dialog-note"))

    @on(OptionList.OptionHighlighted)
    def _preview(self, event: OptionList.OptionHighlighted) -> None:
        if self.is_current and event.option.id is not None:  # a late event must not undo the decision
            self.app.theme = self._automatic if event.option.id == AUTO_THEME else event.option.id


def _remark(theme: Theme) -> str:
    if theme.ansi:
        return _("your terminal's own colours")
    return _("dark") if theme.dark else _("light")


class ThemeController:
    """Changes the theme and writes it to the configuration."""

    def __init__(
        self,
        app: App[Any],
        config_file: Path,
        background: BackgroundThemes,
        *,
        dialogs: Dialogs,
        reporter: Reporter,
    ) -> None:
        self._app = app
        self._background = background
        self._config_file = config_file
        self._dialogs = dialogs
        self._reporter = reporter

    async def pick(self) -> None:
        """Let the user pick a theme, among them files that were added or changed since the start."""
        app = self._app
        background = self._background
        before, followed = app.theme, background.following
        found = await asyncio.to_thread(loader.load)
        self._register(found)
        automatic = background.current(app.available_themes)

        async def chosen(name: str | None) -> None:
            follows = followed if name is None else name == AUTO_THEME
            app.theme = background.current(app.available_themes) if follows else name or before
            background.follow(follows)
            if name is not None:
                await self._keep(name)

        self._dialogs.ask(ThemePicker(found, AUTO_THEME if followed else before, automatic), chosen)

    def _register(self, found: loader.LoadedThemes) -> None:
        before = self._app.current_theme
        for theme in found.themes:
            self._app.register_theme(theme)
        if self._app.current_theme != before:
            self._app.refresh_css(animate=False)

    async def _keep(self, name: str) -> None:
        file = self._config_file
        try:
            await asyncio.to_thread(set_value, file, "ui.theme", name)
        except ConfigError as error:
            words = _("theme {name}, only until holytui ends · {problem}")
            self._reporter.say(words.format(name=name, problem=error), Level.ERROR)
        else:
            words = _("theme {name}, written into {file}")
            self._reporter.say(words.format(name=name, file=sanitize_line(str(file))))
