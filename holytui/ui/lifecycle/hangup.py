"""Handling of hang-ups: the screen ends at once, and answers are received to their end without it.

After a hang-up nothing is drawn or read. The text still goes into the journal, and the next start shows it.
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

_SETTLE_SECONDS = 10.0
"""Seconds to wait for questions being stored, or a history being opened, before the app ends."""
_POLL_SECONDS = 1.0
"""Seconds between two checks whether answers are still active."""
_STATUS = {Cause.HANGUP: 128 + signal.SIGHUP, Cause.TERMINATE: 128 + signal.SIGTERM, Cause.GONE: 128 + signal.SIGHUP}


class _StockDriver:
    """Stands in for Textual's own driver, which cannot be detached; it ends with the app."""

    on_lost: Callable[[], None] | None = None

    def detach(self, *, restore: bool) -> None:
        """Do nothing."""


class HangupHandler:
    """Ends the app when its terminal is lost. Created on the app's loop."""

    def __init__(self, app: App[None], state: ChatState, settled: Callable[[], Awaitable[None]]) -> None:
        """`settled` waits until the history is open and no question is being stored."""
        self.cause: Cause | None = None
        """Why the app ends; None while it runs, or if the user quits."""
        self._app = app
        self._state = state
        self._settled = settled
        driver = app._driver
        self._watch = (
            HangupWatch(driver if isinstance(driver, ThinDriver) else _StockDriver(), self._begin)
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
            # until questions are stored and their answers requested
            async with asyncio.timeout(_SETTLE_SECONDS):
                await self._settled()
        if self._state.is_open:
            history, here = self._state.services.history, self._state.conversation.id
            await asyncio.to_thread(bookmark.save, history, here)
        self._app.exit(return_code=_STATUS[cause])


def finish(services: Services, cause: Cause, seconds: float, report: Callable[[str], None]) -> None:
    """Receive active answers for at most `seconds`; the rest end interrupted. Closes `services`. `report` writes to the
    terminal, if it still exists."""
    from holytui.ui.lifecycle import bookmark

    # SimpleQueue.put may be called from a signal's handler, also while this thread is in its get
    ended: queue.SimpleQueue[Ended | None] = queue.SimpleQueue()
    with _signals(lambda: ended.put(None)):  # before the message mentions Ctrl+C
        if cause is not Cause.TERMINATE:
            _detach()
        elif count := len(services.engine.active()):
            words = ngettext("{count} answer is still in progress", "{count} answers are still in progress", count)
            how = _("still receiving, without a screen; Ctrl+C stops and keeps the text")
            report(f"{words.format(count=count)}: {how}")
        # a temporary history cannot be read afterwards
        _receive(services, ended, 0.0 if services.is_temporary else seconds)
    cut = tuple(services.engine.active())
    services.engine.stop_all(
        Problem(_("The terminal was closed, and holytui stopped waiting"), _("All text that had arrived is kept."))
    )
    bookmark.save(services.history, None, cut)
    try:
        services.close()
    except StoreError as error:
        log.warning("closing after a hang-up: %s", error)


def _receive(services: Services, ended: queue.SimpleQueue[Ended | None], seconds: float) -> None:
    from holytui.engine.events import Ended

    def on_event(event: TurnEvent) -> None:
        if isinstance(event, Ended):
            ended.put(event)

    services.engine.listen(on_event)
    until = time.monotonic() + seconds
    while active := services.engine.active():
        left = until - time.monotonic()
        if left <= 0:
            return
        with suppress(queue.Empty):
            if ended.get(timeout=min(left, _POLL_SECONDS)) is None:
                return
        now = {each.conversation_id for each in services.engine.active().values()}
        for conversation_id in {each.conversation_id for each in active.values()} - now:
            _mark_unread(services.history, conversation_id)


def _mark_unread(history: History, conversation_id: str) -> None:
    with suppress(StoreError):  # the mark is not essential
        history.update_conversation(conversation_id, unread=True)


@contextmanager
def _signals(enough: Callable[[], None]) -> Iterator[None]:
    """Call `enough` on SIGTERM or Ctrl+C; ignore hang-ups."""

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
    """Redirect the standard streams to the null device, as writing to a lost terminal may fail or block."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
