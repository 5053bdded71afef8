"""The user's own editor and pager, which use the terminal while the screen is suspended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from textual.app import App, SuspendNotSupported

from holytui.errors import TerminalError
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.terminal.editor import edit_file, edit_text, page_text, print_text
from holytui.ui.ports import Reporter

_T = TypeVar("_T")


class ExternalPrograms:
    """Runs external programs and reports failures."""

    def __init__(self, app: App[Any], reporter: Reporter, *, folder: Path | None = None) -> None:
        """`folder`: where files with texts are created; None: the system's folder for temporary files."""
        self._app = app
        self._folder = folder
        self._reporter = reporter

    def edit(self, text: str) -> str | None:
        """Edit a text in `$VISUAL` or `$EDITOR`; returns the new text, or None on failure."""
        return self._run(lambda: edit_text(text, folder=self._folder))

    def edit_file(self, file: Path, line: int | None) -> None:
        """Edit a file in place in `$VISUAL` or `$EDITOR`."""
        self._run(lambda: edit_file(file, line))

    def page(self, text: str) -> None:
        """Show a text in `$PAGER`."""
        self._run(lambda: page_text(text, folder=self._folder))

    def print_out(self, text: str) -> None:
        """Print a text to the terminal, where the terminal itself can select it."""
        self._run(lambda: print_text(text))

    def _run(self, work: Callable[[], _T]) -> _T | None:
        # Textual does not take the terminal back when an exception leaves its `suspend`, so none does
        outcome: list[_T] = []
        problem: list[str] = []
        try:
            with self._app.suspend():
                try:
                    outcome.append(work())
                except TerminalError as error:
                    problem.append(str(error))
        except SuspendNotSupported:
            problem.append(_("this terminal cannot run another program"))
        self._app.refresh(repaint=True, layout=True)
        if problem:
            self._reporter.say(problem[0], Level.ERROR)
        return outcome[0] if outcome else None
