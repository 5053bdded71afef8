"""What the keys of the list do to a conversation."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.models import Conversation
from holytui.text import nfc, sanitize_line
from holytui.ui.bindings import display_key
from holytui.ui.connection import Level
from holytui.ui.screens.dialogs import LineDialog

if TYPE_CHECKING:
    from holytui.engine.services import Services
    from holytui.ui.screens.chat import ChatScreen


async def perform(screen: ChatScreen, action: str, conversation: Conversation | None) -> None:
    """Do the action with this id to the conversation under the cursor."""
    services = screen.services
    if services is None:
        return
    match action, conversation:
        case "sidebar.filter", _:
            _filter(screen)
        case "sidebar.undo", _:
            await _undo(screen, services)
        case "sidebar.rename", Conversation():
            _rename(screen, services, conversation)
        case "sidebar.pin", Conversation(id=one, pinned=pinned):
            await asyncio.to_thread(services.history.update_conversation, one, pinned=not pinned)
            await screen.refresh_list()
        case "sidebar.archive", Conversation(id=one):
            await asyncio.to_thread(services.history.update_conversation, one, archived=True)
            await _gone(screen, one, _("archived"))
        case "sidebar.delete", Conversation(id=one):
            await asyncio.to_thread(services.history.delete_conversation, one)
            screen.deleted.append(one)
            key = display_key(screen.keymap.of("sidebar.undo")[0]) if screen.keymap.of("sidebar.undo") else "–"
            await _gone(screen, one, _("deleted · {key} brings it back").format(key=key))
        case _:
            pass


async def to_open_one(screen: ChatScreen, action: str) -> None:
    """The same to the conversation that is open, for whoever asks by name and not from the list."""
    services = screen.services
    if services is None:
        return
    one = screen.conversation_id
    found = await asyncio.to_thread(services.history.conversation, one) if one else None
    if found is None and action not in ("sidebar.filter", "sidebar.undo"):
        screen.say(_("no conversation is open that this could be done to"), Level.WARNING)
        return
    await perform(screen, action, found)


async def _gone(screen: ChatScreen, conversation_id: str, words: str) -> None:
    if screen.conversation_id == conversation_id:
        screen.show_new()
        screen.sidebar.focus()
    await screen.refresh_list()
    screen.say(words)


async def _undo(screen: ChatScreen, services: Services) -> None:
    if not screen.deleted:
        screen.say(_("nothing was deleted since the start"))
        return
    await asyncio.to_thread(services.history.restore_conversation, screen.deleted.pop())
    await screen.refresh_list()
    screen.say(_("it is back"))


def _rename(screen: ChatScreen, services: Services, conversation: Conversation) -> None:
    async def named(title: str | None) -> None:
        title = nfc(sanitize_line(title or ""))
        if title:
            await asyncio.to_thread(services.history.update_conversation, conversation.id, title=title)
            await screen.refresh_list()

    screen.app.push_screen(LineDialog(_("Title of the conversation"), conversation.title), named)


def _filter(screen: ChatScreen) -> None:
    def filtered(text: str | None) -> None:
        if text is not None:
            screen.sidebar.filter(text, datetime.now().astimezone().date())

    screen.app.push_screen(LineDialog(_("Show titles with these letters (empty: all)")), filtered)
