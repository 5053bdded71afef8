"""Writes an answer to the history; failed writes are queued in order and retried while the stream continues."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from holytui.allocator import give_back_large_blocks, trim
from holytui.errors import StoreError
from holytui.models import Attempt, DeltaKind, Message, Problem, StreamMark
from holytui.secret import scrub
from holytui.store.history import History

RETRY_INTERVAL = 1.0
"""Seconds between two retries."""
_LARGE = 1_000_000
"""Characters of raw text from which freed copies are returned to the system."""


class Recorder:
    """Writes one answer. `report` receives write problems, and None when they are resolved."""

    def __init__(self, history: History, report: Callable[[Problem | None], None]) -> None:
        self._history = history
        self._report = report
        self._pending: deque[Callable[[], None]] = deque()
        self._received = 0
        """Characters of raw text."""

    @property
    def has_pending(self) -> bool:
        """Writes are queued."""
        return bool(self._pending)

    def save(self, attempt: Attempt, *, begins: bool) -> None:
        """Save the attempt's row."""
        write = self._history.begin_attempt if begins else self._history.update_attempt
        self.write(lambda: write(attempt))

    def journal(self, attempt_id: str, kind: DeltaKind, text: str, mark: StreamMark | None = None) -> None:
        """Journal raw text of an attempt, and `mark` with it."""
        self._received += len(text)
        if self._received > _LARGE:
            give_back_large_blocks()
        if self._pending:
            self._pending.append(lambda: self._history.journal(attempt_id, kind, text, mark))
        else:
            self._history.journal(attempt_id, kind, text, mark)

    def finish(self, message: Message) -> None:
        """Save the end of the answer."""
        if self._received > _LARGE:
            trim()  # pieces are freed, and more copies follow
        self.write(lambda: self._history.finish(message))

    def save_variant(self, message_id: str) -> str:
        """Copy to a sibling variant; return its id, or "" on a write error.

        The journal keeps the raw text of all attempts anyway.
        """
        if self._pending:
            return ""
        try:
            return self._history.copy_as_variant(message_id)
        except StoreError as error:
            self._report(_problem(error))
            return ""

    def write(self, write: Callable[[], None]) -> None:
        """Write now, or after the queued writes."""
        if self._pending:
            self._pending.append(write)
            return
        try:
            write()
        except StoreError as error:
            self._pending.append(write)
            self._report(_problem(error))

    def retry(self) -> None:
        """Retry the queued writes until one fails."""
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
