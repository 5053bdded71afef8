"""Notifications of the terminal when an answer ends and its reader may be elsewhere, as `ui.notify` says.

They name the outcome and the conversation, never the text, as other people may see the desktop.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from holytui.errors import StoreError
from holytui.i18n import N_, _
from holytui.models import AnswerState
from holytui.text import sanitize_line
from holytui.ui.messages import AnswerEnded
from holytui.ui.ports import Group, Tasks
from holytui.ui.state import ChatState

AFTER = 5.0
"""Seconds that an answer must have taken; a user who waited less is still there."""
_TITLE = 60

_WORDS = {
    AnswerState.COMPLETE: N_("the answer is complete"),
    AnswerState.INTERRUPTED: N_("the answer was interrupted"),
    AnswerState.FAILED: N_("the answer failed"),
}
"""Outcomes that are notified. A stopped answer was stopped by a user who is there."""


def is_wanted(state: AnswerState, seconds: float, *, in_sight: bool) -> bool:
    """Whether to notify of an answer that ended; `in_sight`: the user sees it."""
    return state in _WORDS and seconds >= AFTER and not in_sight


def words(state: AnswerState, title: str) -> str:
    """The outcome and the title, shortened and without control characters."""
    line = sanitize_line(title)
    short = line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"
    return " · ".join(filter(None, (f"holytui: {_(_WORDS[state])}", short)))


class CompletionNotifier:
    """Notifies of answers that ended; `how` is `off`, `bell` or `osc9`."""

    def __init__(self, state: ChatState, how: str, *, write: Callable[[str], None], tasks: Tasks) -> None:
        """`write` sends a control sequence to the terminal, or ignores it once the terminal is lost."""
        self._state = state
        self._how = how
        self._write = write
        self._tasks = tasks
        self._focused: bool | None = None
        """None until the terminal reports its focus; treated as unfocused."""

    def configure(self, how: str) -> None:
        """Notify in another way from now on."""
        self._how = how

    def focus_changed(self, *, focused: bool) -> None:
        """Called when the terminal reports a change of its focus."""
        self._focused = focused

    def ended(self, event: AnswerEnded) -> None:
        """Notify if enabled and the reader is elsewhere."""
        here = self._focused is True and event.conversation_id == self._state.conversation.id
        if self._how != "off" and is_wanted(event.state, event.seconds, in_sight=here):
            self._tasks.start(self._notify(event), Group.NOTIFY)

    async def _notify(self, event: AnswerEnded) -> None:
        self._write(await asyncio.to_thread(self._sequence, event))

    def _sequence(self, event: AnswerEnded) -> str:
        from holytui.terminal.notifications import BELL, notification  # not needed for the first paint

        if self._how == "bell":
            return BELL
        try:
            found = self._state.services.history.conversation(event.conversation_id)
        except StoreError:  # then the notification has no title
            found = None
        return notification(words(event.state, found.title if found is not None else ""), environ=os.environ)
