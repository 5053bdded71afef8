"""An answer's way to disk. What cannot be written is kept, in order, and tried again; the stream goes on meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from holytui.errors import StoreError
from holytui.models import Attempt, DeltaKind, Message, Problem
from holytui.secret import scrub
from holytui.store.history import History

RETRY_INTERVAL = 1.0
"""Seconds between two tries."""


class Recorder:
    """Writes for one answer. `tell` hears of trouble, and with None of its end."""

    def __init__(self, history: History, report: Callable[[Problem | None], None]) -> None:
        self._history = history
        self._report = report
        self._pending: deque[Callable[[], None]] = deque()

    @property
    def has_pending(self) -> bool:
        """Something waits to be written."""
        return bool(self._pending)

    def save(self, attempt: Attempt, *, begins: bool) -> None:
        """The attempt's row."""
        write = self._history.begin_attempt if begins else self._history.update_attempt
        self.write(lambda: write(attempt))

    def journal(self, attempt_id: str, kind: DeltaKind, text: str) -> None:
        """Raw text of an attempt."""
        if self._pending:
            self._pending.append(lambda: self._history.journal(attempt_id, kind, text))
        else:
            self._history.journal(attempt_id, kind, text)

    def finish(self, message: Message) -> None:
        """The end of the answer."""
        self.write(lambda: self._history.finish(message))

    def save_variant(self, message_id: str) -> str:
        """Keep the answer as it is as a variant; its id, or nothing when that cannot be written now: the raw texts
        of all attempts are in the journal all the same."""
        if self._pending:
            return ""
        try:
            return self._history.copy_as_variant(message_id)
        except StoreError as error:
            self._report(_problem(error))
            return ""

    def write(self, write: Callable[[], None]) -> None:
        """Write now, or after what waits already."""
        if self._pending:
            self._pending.append(write)
            return
        try:
            write()
        except StoreError as error:
            self._pending.append(write)
            self._report(_problem(error))

    def retry(self) -> None:
        """Write what waits, as far as that goes."""
        while self._pending:
            try:
                self._pending[0]()
            except StoreError:
                return
            self._pending.popleft()
            if not self._pending:
                self._report(None)


def _problem(error: StoreError) -> Problem:
    return Problem(scrub(error.title), scrub(error.hint))
