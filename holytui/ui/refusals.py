"""What the history, the configuration or a server refuses is said in the bottom line, and ends nothing.

Whatever leaves a handler of Textual's ends the app, so each way from a key to the disk passes through here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from textual.screen import Screen

from holytui.errors import HolytuiError
from holytui.ui.connection import Level

if TYPE_CHECKING:
    from holytui.ui.screens.chat import ChatScreen

_T = TypeVar("_T")


@contextmanager
def told(screen: ChatScreen) -> Iterator[None]:
    """Say what cannot be done, and go on behind it."""
    try:
        yield
    except HolytuiError as error:
        screen.say(error.told, Level.ERROR)


def ask(screen: ChatScreen, dialog: Screen[_T], then: Callable[[_T | None], Awaitable[None]]) -> None:
    """Put a dialog over the chat, and do `then` with what comes of it."""

    async def answered(value: _T | None) -> None:
        with told(screen):
            await then(value)

    screen.app.push_screen(dialog, answered)
