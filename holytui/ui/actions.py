"""What the keys of the whole screen do, apart from sending and stopping."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.models import Role
from holytui.ui import help as help_page
from holytui.ui.connection import Level
from holytui.ui.copying import copy
from holytui.ui.screens.dialogs import Choice, PageDialog, Picker

if TYPE_CHECKING:
    from holytui.ui.screens.chat import ChatScreen


async def perform(screen: ChatScreen, action: str) -> None:
    """Do the action with this id."""
    match action:
        case "app.help":
            screen.app.push_screen(PageDialog(_("Keys"), help_page.lines(screen.keymap)))
        case "app.quit":
            _quit(screen)
        case "app.repaint":
            screen.app.refresh(repaint=True, layout=True)
        case "chat.copy":
            await _copy_last(screen)
        case "chat.copy_all":
            await copy_conversation(screen)
        case "model.pick":
            _pick_model(screen)
        case _:
            screen.say(_("“{action}” has no meaning here").format(action=action), Level.WARNING)


def _quit(screen: ChatScreen) -> None:
    """Leave; in a prompt with text the key deletes to the right, as it does in a shell."""
    if screen.prompt.has_focus and screen.prompt.text:
        screen.prompt.action_delete_right()
    else:
        screen.app.exit()


async def _copy_last(screen: ChatScreen) -> None:
    for entry in reversed(screen.log_view.entries):
        if entry.message.role is Role.ASSISTANT and entry.message.text:
            await copy(screen, entry.message.text)
            return
    screen.say(_("there is no answer to copy yet"), Level.WARNING)


async def copy_conversation(screen: ChatScreen) -> None:
    """Copy all messages as Markdown."""
    parts = []
    for entry in screen.log_view.entries:
        message = entry.message
        name = _("You") if message.role is Role.USER else message.model or message.role.value
        parts.append(f"## {name}\n\n{message.text}\n")
    if parts:
        await copy(screen, "\n".join(parts))


def _pick_model(screen: ChatScreen) -> None:
    services = screen.services
    if services is None:
        return
    choices = [Choice(str(known.ref), str(known.ref), known.remark) for known in services.engine.models()]

    async def chosen(value: str | None) -> None:
        if not value:
            return
        screen.model = value
        if screen.conversation_id:
            await asyncio.to_thread(services.history.update_conversation, screen.conversation_id, model=value)
        elif not screen.log_view.entries:
            screen.show_new()
        screen.paint_status()

    free = _("another model of a provider, written provider/model")
    screen.app.push_screen(Picker(_("Model for the next question"), choices, screen.model, free), chosen)
