"""The shown conversation to a file, in the form that the file's name says."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from holytui.attachments import files as attachments
from holytui.errors import TransferError
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.store.transfer.transfer import Format, export_file
from holytui.ui import reporting
from holytui.ui.dialogs.dialogs import LineDialog

if TYPE_CHECKING:
    from holytui.bootstrap import Services
    from holytui.ui.chat.screen import ChatScreen

_LONGEST = 40
_NO_NAME = re.compile(r"[^\w]+")


def ask(screen: ChatScreen) -> None:
    """Ask for the file's name, then write it."""
    services, conversation_id = screen.services, screen.conversation_id
    if services is None or not conversation_id:
        screen.say(_("there is no conversation to export yet"), Level.WARNING)
        return

    async def named(name: str | None) -> None:
        if name and name.strip():
            await _export(screen, services, conversation_id, attachments.place_of(name.strip(), Path()))

    first = next((entry.message.text for entry in screen.log_view.entries if entry.message.text), "")
    title = _("Write this conversation to (.md .html .json .jsonl)")
    reporting.ask(screen, LineDialog(title, file_name(first)), named)


def file_name(text: str) -> str:
    """A name for a file from what it is about: letters and digits only, `conversation.md` where there are none."""
    words = _NO_NAME.sub("-", text[: _LONGEST * 4].lower()).strip("-_")
    return f"{words[:_LONGEST].strip('-_') or 'conversation'}.md"


def form_of(path: Path) -> Format:
    """The form that the end of the name says. Raises TransferError."""
    ending = path.suffix.lower().removeprefix(".")
    try:
        return Format("html" if ending == "htm" else ending)
    except ValueError as exc:
        raise TransferError(
            _("“{name}” does not name a format").format(name=path.name),
            _("End the name in .md, .html, .json or .jsonl."),
        ) from exc


async def _export(screen: ChatScreen, services: Services, conversation_id: str, path: Path) -> None:
    form = form_of(path)
    if os.path.lexists(path):  # unlike Path.exists, it raises nothing: what is wrong with the path is said on writing
        raise TransferError(_("{file} already exists").format(file=path), _("Choose another name."))
    await asyncio.to_thread(export_file, services.history, [conversation_id], form, path)
    screen.say(_("written to {file}").format(file=path.absolute()))
