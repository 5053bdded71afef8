"""When an answer ends and its reader may be elsewhere, the terminal says so, if `ui.notify` wants it.

What is told is that it ended, how, and in which conversation: other people may see a desktop.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from holytui.errors import StoreError
from holytui.i18n import N_, _
from holytui.models import AnswerState
from holytui.text import sanitize_line

if TYPE_CHECKING:
    from holytui.ui.app import HolytuiApp

AFTER = 5.0
"""Seconds that an answer must have taken: who waited no longer is still there."""
_TITLE = 60

_WORDS = {
    AnswerState.COMPLETE: N_("the answer is complete"),
    AnswerState.INTERRUPTED: N_("the answer was interrupted"),
    AnswerState.FAILED: N_("the answer failed"),
}
"""How an answer ends by itself; one that was stopped was stopped by somebody who is there."""


@dataclass
class AnswerEnded(Message):
    """An answer that this window received has ended, so many seconds after it was asked for."""

    conversation_id: str
    state: AnswerState
    seconds: float


def is_wanted(state: AnswerState, seconds: float, *, in_sight: bool) -> bool:
    """Whether to tell of an answer that ended; `in_sight` says that somebody looks at it."""
    return state in _WORDS and seconds >= AFTER and not in_sight


def words(state: AnswerState, title: str) -> str:
    """How it ended and where; the title is cut and without anything that a terminal would obey."""
    line = sanitize_line(title)
    short = line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"
    return " · ".join(filter(None, (f"holytui: {_(_WORDS[state])}", short)))


class Notices:
    """Tells of the answers of an app; `how` is `off`, `bell` or `osc9`."""

    def __init__(self, app: HolytuiApp, how: str) -> None:
        self._app = app
        self._how = how
        self._focus_told = False

    def focus_changed(self) -> None:
        """The terminal told that it got or lost the focus. One that never does counts as left."""
        self._focus_told = True

    def ended(self, event: AnswerEnded, open_conversation: str) -> None:
        """Tell of it, if that is wanted."""
        here = self._focus_told and self._app.app_focus and event.conversation_id == open_conversation
        if self._how == "off" or not is_wanted(event.state, event.seconds, in_sight=here):
            return
        self._app.run_worker(self._tell(event), group="notice", exit_on_error=False)

    async def _tell(self, event: AnswerEnded) -> None:
        self._send(await asyncio.to_thread(self._sequence, event))

    def _sequence(self, event: AnswerEnded) -> str:
        from holytui.terminal.notice import BELL, notice  # the first paint does without

        if self._how == "bell":
            return BELL
        services = self._app.services
        try:
            found = services.history.conversation(event.conversation_id) if services is not None else None
        except StoreError:  # it is told of without its title
            found = None
        return notice(words(event.state, found.title if found is not None else ""), environ=os.environ)

    def _send(self, sequence: str) -> None:
        leaving, driver = self._app.leaving, self._app._driver
        if driver is not None and (leaving is None or leaving.cause is None):
            driver.write(sequence)
