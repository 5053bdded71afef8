"""The theme that follows the terminal's background, for `theme = "auto"`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from textual.app import App

from holytui.config.schema import AUTO_THEME, Ui
from holytui.terminal.queries import Background
from holytui.ui.themes import loader


class BackgroundThemes:
    """The theme for each background, and the background that the terminal reported last: dark until it reports one."""

    def __init__(self, app: App[Any], ui: Ui, *, watch: Callable[[bool], None]) -> None:
        """`watch` turns reports of the background on or off."""
        self._app = app
        self._ui = ui
        self._watch = watch
        self._background = Background.DARK
        self.following = ui.theme == AUTO_THEME
        """Whether the theme changes with the background."""

    def current(self, known: Collection[str]) -> str:
        """The theme for the background; `known` are the names of all themes."""
        wanted = self._ui.theme_dark if self._background is Background.DARK else self._ui.theme_light
        if wanted in known:
            return wanted
        return loader.default_for(self._app.console.color_system, light=self._background is Background.LIGHT)

    def reported(self, background: Background) -> None:
        """Set the theme for a background that the terminal reported."""
        self._background = background
        if self.following:
            self._app.theme = self.current(self._app.available_themes)

    def configure(self, ui: Ui) -> None:
        """Use changed settings; the caller sets the theme."""
        self._ui = ui
        self.follow(ui.theme == AUTO_THEME)

    def follow(self, on: bool) -> None:
        """Begin or cease to follow the background."""
        if on is not self.following:
            self.following = on
            self._watch(on)
