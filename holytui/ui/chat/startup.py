"""What becomes, at the start, of answers that the last end of holytui cut off, and of questions that never went out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holytui.errors import HolytuiError
from holytui.i18n import _, ngettext
from holytui.presentation.notice import Level
from holytui.ui.composer import draft_store
from holytui.ui.lifecycle import bookmark, outbox

if TYPE_CHECKING:
    from holytui.bootstrap import Services
    from holytui.models import Message
    from holytui.ui.chat.screen import ChatScreen


async def show_first(screen: ChatScreen, services: Services, wanted: str) -> None:
    """Show the conversation `wanted`, else the one that a hang-up left, else one with an answer that was cut, else a
    new one; then see to what was cut. What cannot be read is said, and one can ask all the same."""
    try:
        await _show_first(screen, services, wanted)
    except HolytuiError as error:
        if not screen.conversation_id:
            screen.show_new()
        screen.say(error.told, Level.ERROR)


async def _show_first(screen: ChatScreen, services: Services, wanted: str) -> None:
    mark = await asyncio.to_thread(bookmark.take, services.history)
    conversation = wanted or ("" if screen.sending else mark.conversation_id)
    cut = [*mark.cut, *await asyncio.to_thread(services.history.unfinished)]
    screen.writing.fresh = await asyncio.to_thread(draft_store.load, services.history, "")
    await screen.refresh_list()
    if conversation:
        await screen.open_conversation(conversation)
    elif cut and not screen.sending:
        await screen.open_conversation(cut[-1].conversation_id)
    elif not screen.conversation_id:
        screen.show_new()
        screen.writing.first()
    await after_cut(screen, services, cut)


async def after_cut(screen: ChatScreen, services: Services, cut: Sequence[Message]) -> None:
    """Let them go on, offer to, or leave them, as `ui.resume_on_start` says. Questions that never went out go out."""
    screen.cut = [message.id for message in cut]
    if not cut or services.config.ui.resume_on_start == "never":
        return
    if services.config.ui.resume_on_start == "always":
        await resume_all(screen, services)
        return
    waiting = [message for message in cut if await asyncio.to_thread(outbox.never_went_out, services.history, message)]
    if waiting:
        screen.cut = [message.id for message in waiting]
        await resume_all(screen, services)
        cut = [message for message in cut if message not in waiting]
        screen.cut = [message.id for message in cut]
    if not cut:
        return
    screen.say(words(cut), Level.WARNING)


def words(cut: Sequence[Message]) -> str:
    """What was cut, and how it goes on."""
    waiting = [message for message in cut if not message.text and not message.reasoning]
    parts = []
    if len(waiting) < len(cut):
        count = len(cut) - len(waiting)
        parts.append(ngettext("{count} answer was cut", "{count} answers were cut", count).format(count=count))
    if waiting:
        count = len(waiting)
        parts.append(ngettext("{count} question waits", "{count} questions wait", count).format(count=count))
    return " · ".join([*parts, _("{press:chat.resume_all} to get the rest")])


async def resume_all(screen: ChatScreen, services: Services) -> None:
    """Let every answer that was cut at the last end go on, the oldest first."""
    wanted, screen.cut = screen.cut, []
    for message_id in wanted:
        try:
            started = await asyncio.to_thread(services.engine.resume, message_id)
        except HolytuiError as error:
            screen.say(error.told, Level.ERROR)
        else:
            await screen.begin(services, started)
    if not wanted:
        screen.say(_("no answer was cut when holytui last ended"))
