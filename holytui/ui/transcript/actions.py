"""What the keys of the log do with a message."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from holytui.engine.turn.ending import Ending
from holytui.i18n import _, ngettext
from holytui.images import as_text
from holytui.models import DeltaKind, Message, Role
from holytui.presentation.notice import Level
from holytui.store.assembly import Joint, joints
from holytui.store.history import History
from holytui.ui.chat import actions, pickers
from holytui.ui.dialogs.dialogs import Choice, PageDialog, Picker
from holytui.ui.external_programs import page, print_out
from holytui.ui.markdown.addresses import links, plain_links
from holytui.ui.pages import attempts as details
from holytui.ui.reporting import told
from holytui.ui.transcript.copy import copy
from holytui.ui.transcript.loading import fork, is_system_entry, neighbour

if TYPE_CHECKING:
    from holytui.bootstrap import Services
    from holytui.ui.chat.screen import ChatScreen


async def perform(screen: ChatScreen, action: str, message: Message | None, number: int) -> None:
    """Do the action with this id to the selected message, if it needs one."""
    services = screen.services
    with told(screen):
        if action == "log.prompt":
            screen.set_focus(screen.prompt)
        elif not action.startswith("message."):
            await actions.perform(screen, action)
        elif message is None or services is None:
            pass
        elif is_system_entry(message):
            await _to_system_prompt(screen, action, message)
        else:
            await _to_message(screen, services, action, message, number)


async def _to_system_prompt(screen: ChatScreen, action: str, message: Message) -> None:
    """It stands above the messages and is none of them."""
    match action:
        case "message.copy":
            await copy(screen, screen.log_view.selected_text or message.text)
        case "message.pager":
            page(screen, message.text)
        case "message.print":
            print_out(screen, message.text)
        case "message.edit":
            await pickers.pick_system(screen)
        case _:
            screen.say(_("this is the system prompt, not a message"), Level.WARNING)


async def _to_message(screen: ChatScreen, services: Services, action: str, message: Message, number: int) -> None:
    match action:
        case "message.copy":
            await copy(screen, screen.log_view.selected_text or as_text(message))
        case "message.copy_code":
            await _copy_code(screen, message, number)
        case "message.links":
            await _links(screen, message)
        case "message.retry":
            await _retry(screen, services, message)
        case "message.resume":
            await _resume(screen, services, message)
        case "message.variant" | "message.variant_back":
            await _variant(screen, services, message, 1 if action == "message.variant" else -1)
        case "message.edit":
            _edit(screen, message)
        case "message.fork":
            await _fork(screen, services, message)
        case "message.details":
            await _details(screen, services, message)
        case "message.undo_seam":
            await _undo_seams(screen, services, message)
        case _:
            _elsewhere(screen, action, as_text(message))


def _elsewhere(screen: ChatScreen, action: str, text: str) -> None:
    """Show the message outside of the app."""
    match action:
        case "message.pager":
            page(screen, text)
        case "message.print":
            print_out(screen, text)


async def _details(screen: ChatScreen, services: Services, message: Message) -> None:
    answer = _answer_of(screen, message)
    if answer is None:
        screen.say(_("select an answer to see its attempts"), Level.WARNING)
        return
    history = services.history
    attempts = await asyncio.to_thread(history.attempts, answer.id)
    sides = await asyncio.to_thread(_joints, history, answer)
    screen.app.push_screen(PageDialog(_("This answer"), partial(details.answer_lines, answer, attempts, sides)))


def _joints(history: History, answer: Message) -> tuple[Joint, ...]:
    if not (answer.seams or answer.begun_again):
        return ()  # the raw texts may be long
    attempts = history.attempts(answer.id)
    return joints((attempt, history.raw_text(attempt.id, DeltaKind.CONTENT)) for attempt in attempts)


async def _copy_code(screen: ChatScreen, message: Message, number: int) -> None:
    entry = screen.log_view.entry(message.id)
    blocks = entry.body.code_blocks if entry is not None and message.role is Role.ASSISTANT else ()
    if number > len(blocks):
        words = ngettext("this message has {count} code block", "this message has {count} code blocks", len(blocks))
        screen.say(words.format(count=len(blocks)), Level.WARNING)
        return
    await copy(screen, blocks[number - 1].text)


async def _links(screen: ChatScreen, message: Message) -> None:
    find = links if message.role is Role.ASSISTANT else plain_links
    found = await asyncio.to_thread(find, message.text)
    if not found:
        screen.say(_("this message has no links"), Level.WARNING)
        return

    def picked(address: str | None) -> None:
        if address is not None:
            screen.run_worker(copy(screen, address), exit_on_error=False)

    title = ngettext("{count} link, to be copied", "{count} links, one to be copied", len(found))
    choices = [Choice(address, address) for address in found]
    screen.app.push_screen(Picker(title.format(count=len(found)), choices), picked)


async def _retry(screen: ChatScreen, services: Services, message: Message) -> None:
    answer = _answer_of(screen, message)
    if answer is None:
        screen.say(_("select an answer to ask again"), Level.WARNING)
        return
    started = await asyncio.to_thread(services.engine.retry, answer.id, model=screen.model)
    if screen.place.id == started.conversation_id:
        screen.place.leaf = started.answer_id
    await screen.begin(services, started)


async def _resume(screen: ChatScreen, services: Services, message: Message) -> None:
    answer = _answer_of(screen, message)
    if answer is None or not Ending.of(answer).resumable:
        screen.say(_("this answer was not cut: there is nothing to continue"), Level.WARNING)
        return
    started = await asyncio.to_thread(services.engine.resume, answer.id)
    await screen.begin(services, started)


def _answer_of(screen: ChatScreen, message: Message) -> Message | None:
    """The answer itself, or the one that follows the selected question."""
    if message.role is Role.ASSISTANT:
        return message
    for entry in screen.log_view.entries:
        if entry.message.parent_id == message.id and entry.message.role is Role.ASSISTANT:
            return entry.message
    return None


def _edit(screen: ChatScreen, message: Message) -> None:
    """The question goes to the prompt; sent from there it begins a new branch beside the old one."""
    question = message
    if message.role is Role.ASSISTANT:
        entry = screen.log_view.entry(message.parent_id or "")
        if entry is None:
            return
        question = entry.message
    screen.edit(question)


async def _fork(screen: ChatScreen, services: Services, message: Message) -> None:
    copy_id = await asyncio.to_thread(fork, services.history, message)
    await screen.open_conversation(copy_id)
    screen.say(_("this is a new conversation; the old one is unchanged"))


async def _undo_seams(screen: ChatScreen, services: Services, message: Message) -> None:
    """Put both sides of each seam back as they came; nothing was thrown away, so nothing is guessed."""
    attempts = await asyncio.to_thread(services.history.attempts, message.id)
    if not any(attempt.cut or attempt.keep >= 0 or attempt.end >= 0 for attempt in attempts):
        screen.say(_("nothing was cut away in this answer"))
        return
    await asyncio.to_thread(services.engine.undo_seams, message.id)
    fresh = await asyncio.to_thread(services.history.message, message.id)
    entry = screen.log_view.entry(message.id)
    if fresh is not None and entry is not None:
        entry.update(fresh)
        screen.log_view.changed()


async def _variant(screen: ChatScreen, services: Services, message: Message, step: int) -> None:
    leaf = await asyncio.to_thread(neighbour, services.history, message, step)
    if leaf is None:
        screen.say(_("this message has no other variant"))
        return
    await asyncio.to_thread(services.history.update_conversation, message.conversation_id, leaf_id=leaf)
    await screen.open_conversation(message.conversation_id)
    screen.log_view.reveal(leaf)
