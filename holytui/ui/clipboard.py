"""Copying to the clipboard, with a report of the ways that worked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from holytui.errors import TerminalError
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.terminal.clipboard import CopyReport, copy_text
from holytui.ui.ports import Reporter


class Clipboard:
    """Copies text on request of the user."""

    def __init__(self, reporter: Reporter, write: Callable[[str], None], *, file: Path | None) -> None:
        """`write` sends a control sequence to the terminal; `file` gets a copy."""
        self._reporter = reporter
        self._write = write
        self._file = file

    async def copy(self, text: str) -> None:
        """Copy `text` by every way that works here, and report it."""
        if not text:
            self._reporter.say(_("there is nothing to copy"), Level.WARNING)
            return
        try:
            report = await asyncio.to_thread(self._copy, text)
        except (TerminalError, OSError) as error:
            self._reporter.say(_("not copied: {reason}").format(reason=error), Level.ERROR)
        else:
            words = " · ".join((report.summary, *report.warnings))
            self._reporter.say(words, Level.WARNING if report.warnings else Level.CALM)

    def _copy(self, text: str) -> CopyReport:
        return copy_text(text, environ=os.environ, send=lambda data: self._write(data.decode("ascii")), file=self._file)
