"""What the keys of the whole screen do, apart from sending and stopping."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.images import as_text
from holytui.keymap import ACTIONS, Action, Where
from holytui.models import Role
from holytui.presentation.notice import Level
from holytui.ui.bindings import shown_keys
from holytui.ui.chat import interrupting, pickers, startup
from holytui.ui.details.page import DetailsPage
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import PageDialog, Picker
from holytui.ui.dialogs.search import Found, SearchDialog
from holytui.ui.pages import help as help_page
from holytui.ui.reporting import ask
from holytui.ui.status import terminal_link
from holytui.ui.themes import picker
from holytui.ui.transcript import export
from holytui.ui.transcript.copy import copy

if TYPE_CHECKING:
    from holytui.ui.chat.screen import ChatScreen


async def perform(screen: ChatScreen, action: str) -> None:  # noqa: C901 - a table
    """Do the action with this id."""
    match action:
        case "app.help":
            _help(screen)
        case "app.quit":
            _quit(screen)
        case "chat.interrupt":
            await interrupting.interrupt(screen)
        case "app.repaint":
            terminal_link.repaint(screen.app)
        case "chat.copy":
            await _copy_last(screen)
        case "chat.export":
            export.ask(screen)
        case "chat.copy_all":
            await copy_conversation(screen)
        case "model.pick":
            pickers.pick_model(screen)
        case "chat.system":
            await pickers.pick_system(screen)
        case "chat.resume_all" if screen.services is not None:
            await startup.resume_all(screen, screen.services)
        case "app.palette":
            _palette(screen)
        case "app.details" if screen.services is not None:
            screen.app.push_screen(DetailsPage(screen, screen.services))
        case "app.theme":
            await picker.pick(screen)
        case "app.mouse":
            _toggle_mouse(screen)
        case "history.search":
            search(screen, None)
        case "log.search":
            search(screen, screen.conversation_id or None)
        case _:
            screen.say(_("“{action}” has no meaning here").format(action=action), Level.WARNING)


def _help(screen: ChatScreen) -> None:
    from holytui.ui.app import HolytuiApp  # which imports this module's users

    assert isinstance(screen.app, HolytuiApp)
    lines = partial(help_page.lines, screen.keymap, screen.app.config_file)
    screen.app.push_screen(PageDialog(_("Help"), lines))


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
        parts.append(f"## {name}\n\n{as_text(message)}\n")
    if parts:
        await copy(screen, "\n".join(parts))


def search(screen: ChatScreen, conversation_id: str | None, query: str = "") -> None:
    """Search everything, or one conversation, at once for `query` if it is given, and jump to what was picked."""
    if screen.services is None:
        return

    async def picked(found: Found | None) -> None:
        if found is None:
            return
        if found.message_id is not None:
            await _show_branch_of(screen, found)
        await screen.open_conversation(found.conversation_id)
        if found.message_id is not None:
            screen.log_view.focus()
            screen.log_view.highlight(found.query)
            screen.log_view.reveal(found.message_id, found.places)

    ask(screen, SearchDialog(screen.services.history, conversation_id, query), picked)


async def _show_branch_of(screen: ChatScreen, found: Found) -> None:
    """A message on another branch: that branch is shown."""
    if screen.services is None or found.message_id is None:
        return
    history = screen.services.history
    branch = await asyncio.to_thread(history.branch, found.conversation_id)
    if all(message.id != found.message_id for message in branch):
        leaf = await asyncio.to_thread(history.leaf_below, found.message_id)
        await asyncio.to_thread(history.update_conversation, found.conversation_id, leaf_id=leaf)


def _toggle_mouse(screen: ChatScreen) -> None:
    on = screen.set_mouse(not screen.log_view.selectable)
    screen.say(_("the mouse is on: it selects text here") if on else _("the mouse is off: your terminal selects text"))


def by_name(action: Action) -> bool:
    """Whether the palette has it: not what only moves about, sends, or needs a number."""
    if action.where is Where.DETAILS:
        return False
    if action.where is Where.LOG:
        return action.id == "log.search" or (action.id.startswith(("chat.", "message.")) and len(action.keys) < 9)
    return action.id == "prompt.editor" or (action.where is not Where.PROMPT and action.id != "app.palette")


def _palette(screen: ChatScreen) -> None:
    keys = shown_keys(screen.keymap, " ")
    choices = [
        Choice(action.id, _(action.label), f"{keys[action.id]} · {_(action.help)}")
        for action in ACTIONS
        if by_name(action)
    ]

    async def chosen(action_id: str | None) -> None:
        if action_id:
            await screen.do(action_id)

    ask(screen, Picker(_("Actions"), choices), chosen)
