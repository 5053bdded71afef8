"""Copying, and honest words about how far the text went."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from holytui import paths
from holytui.errors import TerminalError
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.terminal.clipboard import CopyReport, copy_text

if TYPE_CHECKING:
    from holytui.ui.chat.screen import ChatScreen


async def copy(screen: ChatScreen, text: str) -> None:
    """Send `text` on its way to the clipboard; only ever called for a key that the user pressed."""
    if not text:
        screen.say(_("there is nothing to copy"), Level.WARNING)
        return
    driver = screen.app._driver
    assert driver is not None, "a running app has a driver"

    def send(data: bytes) -> None:
        driver.write(data.decode("ascii"))

    def work() -> CopyReport:
        return copy_text(text, environ=os.environ, send=send, file=paths.copied_file())

    try:
        report = await asyncio.to_thread(work)
    except (TerminalError, OSError) as error:
        screen.say(_("not copied: {reason}").format(reason=error), Level.ERROR)
    else:
        words = " · ".join((report.summary, *report.warnings))
        screen.say(words, Level.WARNING if report.warnings else Level.CALM)
