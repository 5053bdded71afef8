"""Choosing a theme with a live preview; the picked one is written to the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from textual import on
from textual.app import App
from textual.content import Content
from textual.theme import Theme
from textual.widgets import OptionList, Static

from holytui.config.schema import AUTO_THEME
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
        super().__init__(_("Theme"), [*_choices(found), _automatic()], current)
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


def _choices(found: loader.LoadedThemes) -> Sequence[Choice]:
    return [Choice(theme.name, theme.name, _remark(theme)) for theme in found.themes]


def _automatic() -> Choice:
    return Choice(AUTO_THEME, AUTO_THEME, _("follows the background of the terminal"))


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
        change: Callable[[tuple[str, ...], object], Awaitable[None]],
        dialogs: Dialogs,
        reporter: Reporter,
    ) -> None:
        """`change` changes a setting. Raises ConfigError."""
        self._app = app
        self._config_file = config_file
        self._background = background
        self._change = change
        self._dialogs = dialogs
        self._reporter = reporter

    async def pick(self) -> None:
        """Let the user pick a theme, among them files that were added or changed since the start."""
        app = self._app
        background = self._background
        before = AUTO_THEME if background.following else app.theme
        found = await asyncio.to_thread(loader.load)
        _register(app, found)

        async def chosen(name: str | None) -> None:
            used = name or before
            background.follow(used == AUTO_THEME)
            app.theme = background.current(app.available_themes) if used == AUTO_THEME else used
            if name is not None:
                await self._keep(name)

        self._dialogs.ask(ThemePicker(found, before, background.current(app.available_themes)), chosen)

    async def _keep(self, name: str) -> None:
        file = self._config_file
        try:
            await self._change(("ui", "theme"), name)
        except ConfigError as error:
            words = _("theme {name}, only until holytui ends · {problem}")
            self._reporter.say(words.format(name=name, problem=error), Level.ERROR)
        else:
            words = _("theme {name}, written into {file}")
            self._reporter.say(words.format(name=name, file=sanitize_line(str(file))))


async def theme_choices(app: App[Any], *, automatic: bool) -> Sequence[Choice]:
    """The themes as choices, also those that were added or changed since the start; `auto` if `automatic`."""
    found = await asyncio.to_thread(loader.load)
    _register(app, found)
    return [*_choices(found), *([_automatic()] if automatic else [])]


def _register(app: App[Any], found: loader.LoadedThemes) -> None:
    before = app.current_theme
    for theme in found.themes:
        app.register_theme(theme)
    if app.current_theme != before:
        app.refresh_css(animate=False)
