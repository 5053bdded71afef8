"""The terminal goes, the answers go on: the screen ends at once, and what is on its way is received without one.

Nothing is drawn after a hang-up, nothing is read, and nothing waits but for the answers: the text goes into the
journal as before, and the next holytui shows it, on its way or finished.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from holytui.errors import StoreError
from holytui.i18n import _, ngettext
from holytui.models import Problem
from holytui.terminal.hangup import Cause, HangupWatch
from holytui.terminal.textual_adapter.driver import ThinDriver
from holytui.ui.ports import Group
from holytui.ui.state import ChatState

if TYPE_CHECKING:
    from textual.app import App

    from holytui.bootstrap import Services
    from holytui.engine.events import Ended, TurnEvent
    from holytui.store.history import History

log = logging.getLogger(__name__)

_PATIENCE = 10.0
"""Seconds for a question that was just sent, or a history that is just being opened, before the screen ends."""
_LOOK = 1.0
"""Seconds between two looks whether what could not be written is written now."""
_STATUS = {Cause.HANGUP: 128 + signal.SIGHUP, Cause.TERMINATE: 128 + signal.SIGTERM, Cause.GONE: 128 + signal.SIGHUP}


class _Stock:
    """Textual's own driver, which cannot be cut off; it ends with the app, which is soon."""

    on_lost: Callable[[], None] | None = None

    def detach(self, *, restore: bool) -> None:
        """Nothing can be done here."""


class HangupHandler:
    """Ends the app when its terminal is lost. Created on the app's loop."""

    def __init__(self, app: App[None], state: ChatState, settled: Callable[[], Awaitable[None]]) -> None:
        """`settled` waits until the history is open and no question is being stored."""
        self.cause: Cause | None = None
        """Why the screen ends; None while it does not, or if the user quits."""
        self._app = app
        self._state = state
        self._settled = settled
        driver = app._driver
        self._watch = (
            HangupWatch(driver if isinstance(driver, ThinDriver) else _Stock(), self._begin)
            if driver is not None and not app.is_headless
            else None
        )

    def _begin(self, cause: Cause) -> None:
        self.cause = cause
        if self._watch is not None:
            self._watch.close()
        # a hang-up is signalled several times: by the kernel, by the shell, and when the shell ends
        for number in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self._app.run_worker(self._end(cause), group=Group.LEAVE, exit_on_error=False)

    async def _end(self, cause: Cause) -> None:
        from holytui.ui.lifecycle import bookmark

        with suppress(TimeoutError):
            # questions that are being stored are on disk then, and their answers on their way
            async with asyncio.timeout(_PATIENCE):
                await self._settled()
        if self._state.is_open:
            history, here = self._state.services.history, self._state.conversation.id
            await asyncio.to_thread(bookmark.put, history, here)
        self._app.exit(return_code=_STATUS[cause])


def finish(services: Services, cause: Cause, seconds: float, tell: Callable[[str], None]) -> None:
    """Receive what is on its way for at most `seconds`; what is left then ends interrupted. Closes `services`. `tell`
    writes to the terminal, if it is still there."""
    from holytui.ui.lifecycle import bookmark

    # SimpleQueue.put may be called from a signal's handler, also while this thread is in its get
    news: queue.SimpleQueue[Ended | None] = queue.SimpleQueue()
    with _signals(lambda: news.put(None)):  # before Ctrl+C is spoken of
        if cause is not Cause.TERMINATE:
            _detach()
        elif count := len(services.engine.active()):
            words = ngettext("{count} answer is still in progress", "{count} answers are still in progress", count)
            how = _("still receiving, without a screen; Ctrl+C stops and keeps the text")
            tell(f"{words.format(count=count)}: {how}")
        # what nobody can read afterwards is not waited for
        _receive(services, news, 0.0 if services.is_temporary else seconds)
    cut = tuple(services.engine.active())
    services.engine.stop_all(
        Problem(
            _("The terminal was gone, and holytui did not wait any longer"), _("All text that had arrived is kept.")
        )
    )
    bookmark.put(services.history, None, cut)
    try:
        services.close()
    except StoreError as error:
        log.warning("closing after a hang-up: %s", error)


def _receive(services: Services, news: queue.SimpleQueue[Ended | None], seconds: float) -> None:
    from holytui.engine.events import Ended

    def heard(event: TurnEvent) -> None:
        if isinstance(event, Ended):
            news.put(event)

    services.engine.listen(heard)
    until = time.monotonic() + seconds
    while active := services.engine.active():
        left = until - time.monotonic()
        if left <= 0:
            return
        with suppress(queue.Empty):
            if news.get(timeout=min(left, _LOOK)) is None:
                return
        now = {each.conversation_id for each in services.engine.active().values()}
        for conversation_id in {each.conversation_id for each in active.values()} - now:
            _mark_unread(services.history, conversation_id)


def _mark_unread(history: History, conversation_id: str) -> None:
    with suppress(StoreError):  # the answer itself is what matters
        history.update_conversation(conversation_id, unread=True)


@contextmanager
def _signals(enough: Callable[[], None]) -> Iterator[None]:
    """A second SIGTERM, or Ctrl+C where there is still a terminal, ends the waiting; a hang-up does not."""

    def end(_number: int, _frame: FrameType | None) -> None:
        enough()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _detach() -> None:
    """The terminal is gone: whatever is still written to it must neither fail nor block."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
