"""Export of conversations to a file, in the format of its suffix."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holytui.attachments import files as attachments
from holytui.errors import TransferError
from holytui.i18n import _, ngettext
from holytui.presentation.notice import Level
from holytui.store.transfer.transfer import Format, export_file
from holytui.ui.dialogs.dialogs import LineDialog

if TYPE_CHECKING:
    from holytui.models import Conversation
    from holytui.ui.ports import Dialogs, Reporter, Transcript
    from holytui.ui.state import ChatState

_LONGEST = 40
_NO_NAME = re.compile(r"[^\w]+")


class Exporter:
    """Writes conversations to a file that the user names."""

    def __init__(self, state: ChatState, transcript: Transcript, *, dialogs: Dialogs, reporter: Reporter) -> None:
        self._state = state
        self._transcript = transcript
        self._dialogs = dialogs
        self._reporter = reporter

    def ask(self) -> None:
        """Ask for the name of the file, then write it."""
        conversation_id = self._state.conversation.id
        if not conversation_id:
            self._reporter.say(_("there is no conversation to export yet"), Level.WARNING)
            return

        async def named(name: str | None) -> None:
            if name and name.strip():
                await self._export([conversation_id], attachments.place_of(name.strip(), Path()))

        first = next((message.text for message in self._transcript.messages if message.text), "")
        title = _("Write this conversation to (.md .html .json .jsonl)")
        self._dialogs.ask(LineDialog(title, file_name(first)), named)

    def ask_all(self, conversations: Sequence[Conversation]) -> None:
        """Ask for the name of a file, then write conversations to it, oldest first."""
        ids = [one.id for one in sorted(conversations, key=lambda one: (one.created_at, one.id))]

        async def named(name: str | None) -> None:
            if name and name.strip():
                await self._export(ids, attachments.place_of(name.strip(), Path()))

        words = ngettext(
            "Write {count} conversation to (.md .html .json .jsonl)",
            "Write {count} conversations to (.md .html .json .jsonl)",
            len(ids),
        )
        name = file_name(conversations[0].title if len(ids) == 1 else "")
        self._dialogs.ask(
            LineDialog(words.format(count=len(ids)), name if len(ids) == 1 else "conversations.jsonl"), named
        )

    async def _export(self, ids: Sequence[str], path: Path) -> None:
        form = form_of(path)
        if os.path.lexists(path):  # unlike Path.exists it raises nothing: writing reports what is wrong with the path
            raise TransferError(_("{file} already exists").format(file=path), _("Choose another name."))
        await asyncio.to_thread(export_file, self._state.services.history, ids, form, path)
        self._reporter.say(_("written to {file}").format(file=path.absolute()))


def file_name(text: str) -> str:
    """A file name from a text: letters and digits only, `conversation.md` if it has none."""
    words = _NO_NAME.sub("-", text[: _LONGEST * 4].lower()).strip("-_")
    return f"{words[:_LONGEST].strip('-_') or 'conversation'}.md"


def form_of(path: Path) -> Format:
    """The format of a suffix. Raises TransferError."""
    ending = path.suffix.lower().removeprefix(".")
    try:
        return Format("html" if ending == "htm" else ending)
    except ValueError as exc:
        raise TransferError(
            _("“{name}” does not name a format").format(name=path.name),
            _("End the name in .md, .html, .json or .jsonl."),
        ) from exc
