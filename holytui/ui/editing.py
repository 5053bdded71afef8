"""The user's own editor and pager; the screen steps aside for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from textual.app import SuspendNotSupported

from holytui.errors import TerminalError
from holytui.i18n import _
from holytui.terminal.editor import edit_text, page_text, print_text
from holytui.ui.connection import Level

if TYPE_CHECKING:
    from holytui.ui.screens.chat import ChatScreen

_T = TypeVar("_T")


def write(screen: ChatScreen) -> None:
    """Write the question in `$VISUAL` or `$EDITOR`."""
    edited = _aside(screen, lambda: edit_text(screen.prompt.whole))
    if edited is not None:
        # what an editor wrote was not typed here: only what had been chosen before stays chosen
        prompt = screen.prompt
        prompt.put(edited, {each.path: each.place for each in prompt.files}, prompt.images)
    screen.prompt.focus()


def page(screen: ChatScreen, text: str) -> None:
    """Read a text in `$PAGER`."""
    _aside(screen, lambda: page_text(text))


def print_out(screen: ChatScreen, text: str) -> None:
    """Print a text where the terminal itself can select it."""
    _aside(screen, lambda: print_text(text))


def _aside(screen: ChatScreen, work: Callable[[], _T]) -> _T | None:
    """Give the terminal to `work`; what it returned, or None with the reason said.

    Textual does not take the terminal back when an exception leaves its `suspend`, so none does.
    """
    outcome: list[_T] = []
    problem: list[str] = []
    try:
        with screen.app.suspend():
            try:
                outcome.append(work())
            except TerminalError as error:
                problem.append(str(error))
    except SuspendNotSupported:
        problem.append(_("this terminal cannot be lent to another program"))
    screen.app.refresh(repaint=True, layout=True)
    if problem:
        screen.say(problem[0], Level.ERROR)
    return outcome[0] if outcome else None
