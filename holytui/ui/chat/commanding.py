"""Doing what a `/command` names, with the words that were written behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holytui.ui.chat import actions, pickers
from holytui.ui.reporting import told
from holytui.ui.sidebar import actions as conversation_actions

if TYPE_CHECKING:
    from holytui.ui.chat.screen import ChatScreen


async def perform(screen: ChatScreen, action: str, words: str) -> None:
    """Do the action with this id; `words` take the place of a dialog that would ask for them."""
    services, here = screen.services, screen.conversation_id
    with told(screen):
        match action:
            case "model.pick" if words and services is not None:
                await pickers.name_model(screen, services, words)
            case "history.search" if words:
                actions.search(screen, None, words)
            case "log.search" if words:
                actions.search(screen, here or None, words)
            case "sidebar.rename" if words and services is not None and here:
                await conversation_actions.rename(screen, services, here, words)
            case _:
                await screen.do(action)
