"""What the keys of the list do to a conversation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.models import Conversation
from holytui.text import nfc, one_line
from holytui.ui.connection import Level
from holytui.ui.refusals import ask
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
            screen.show_list()
            screen.list_pane.begin_filter()
        case "sidebar.archived", _:
            await _show_archived(screen)
        case "sidebar.undo", _:
            await _undo(screen, services)
        case "sidebar.rename", Conversation():
            _rename(screen, services, conversation)
        case "sidebar.pin", Conversation(id=one, pinned=pinned):
            await asyncio.to_thread(services.history.update_conversation, one, pinned=not pinned)
            await screen.refresh_list()
        case "sidebar.archive", Conversation(id=one, archived=True):
            await screen.list.bring_back(services.history, one)
            await screen.refresh_list()
            screen.say(_("back in the list"))
        case "sidebar.archive", Conversation(id=one):
            await screen.list.archive(services.history, one)
            await _gone(
                screen, one, _("archived · {press:sidebar.undo} to undo, {key:sidebar.archived} for the archive")
            )
        case "sidebar.delete", Conversation(id=one):
            await screen.list.delete(services.history, one)
            await _gone(screen, one, _("deleted · {press:sidebar.undo} to bring it back"))
        case _:
            pass


async def to_open_one(screen: ChatScreen, action: str) -> None:
    """The same to the conversation that is open, for whoever asks by name and not from the list."""
    services = screen.services
    if services is None:
        return
    one = screen.conversation_id
    found = await asyncio.to_thread(services.history.conversation, one) if one else None
    if found is None and action not in ("sidebar.filter", "sidebar.archived", "sidebar.undo"):
        screen.say(_("no conversation is open"), Level.WARNING)
        return
    await perform(screen, action, found)


async def _gone(screen: ChatScreen, conversation_id: str, words: str) -> None:
    if screen.conversation_id == conversation_id:
        screen.show_new()
        screen.sidebar.focus()
    await screen.refresh_list()
    screen.say(words)


async def _undo(screen: ChatScreen, services: Services) -> None:
    if not await screen.list.undo(services.history):
        screen.say(_("nothing was deleted or archived since the start"))
        return
    await screen.refresh_list()
    screen.say(_("restored"))


async def _show_archived(screen: ChatScreen) -> None:
    screen.show_list()
    wanted = not screen.list.archived
    await screen.list.show_archived(wanted=wanted)
    screen.sidebar.focus()
    screen.say(
        _("the archive · {press:sidebar.archive} to take one out, {key:sidebar.archived} for the other conversations")
        if wanted
        else _("all conversations outside the archive")
    )


def _rename(screen: ChatScreen, services: Services, conversation: Conversation) -> None:
    async def named(title: str | None) -> None:
        await rename(screen, services, conversation.id, title or "")

    ask(screen, LineDialog(_("Title of the conversation"), conversation.title), named)


async def rename(screen: ChatScreen, services: Services, conversation_id: str, title: str) -> None:
    """Give the conversation a title; an empty one changes nothing."""
    title = one_line(nfc(title))
    if title:
        await asyncio.to_thread(services.history.update_conversation, conversation_id, title=title)
        await screen.refresh_list()
