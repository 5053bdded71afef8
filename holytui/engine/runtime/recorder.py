"""An answer's way to disk. What cannot be written is kept, in order, and tried again; the stream goes on meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from holytui.allocator import give_back_large_blocks
from holytui.errors import StoreError
from holytui.models import Attempt, DeltaKind, Message, Problem
from holytui.secret import scrub
from holytui.store.history import History

RETRY = 1.0
"""Seconds between two tries."""
_LARGE = 1_000_000
"""Characters of an answer of which it matters how the copies of its text are freed."""


class Records:
    """Writes for one answer. `tell` hears of trouble, and with None of its end."""

    def __init__(self, history: History, tell: Callable[[Problem | None], None]) -> None:
        self._history = history
        self._tell = tell
        self._waiting: deque[Callable[[], None]] = deque()
        self._received = 0
        """Characters of raw text."""

    @property
    def troubled(self) -> bool:
        """Something waits to be written."""
        return bool(self._waiting)

    def save(self, attempt: Attempt, *, begins: bool) -> None:
        """The attempt's row."""
        write = self._history.begin_attempt if begins else self._history.update_attempt
        self.do(lambda: write(attempt))

    def journal(self, attempt_id: str, kind: DeltaKind, text: str) -> None:
        """Raw text of an attempt."""
        self._received += len(text)
        if self._received > _LARGE:
            give_back_large_blocks()
        if self._waiting:
            self._waiting.append(lambda: self._history.journal(attempt_id, kind, text))
        else:
            self._history.journal(attempt_id, kind, text)

    def finish(self, message: Message) -> None:
        """The end of the answer."""
        self.do(lambda: self._history.finish(message))

    def variant_of(self, message_id: str) -> str:
        """Keep the answer as it is as a variant; its id, or nothing when that cannot be written now: the raw texts
        of all attempts are in the journal all the same."""
        if self._waiting:
            return ""
        try:
            return self._history.copy_as_variant(message_id)
        except StoreError as error:
            self._tell(_problem(error))
            return ""

    def do(self, write: Callable[[], None]) -> None:
        """Write now, or after what waits already."""
        if self._waiting:
            self._waiting.append(write)
            return
        try:
            write()
        except StoreError as error:
            self._waiting.append(write)
            self._tell(_problem(error))

    def try_again(self) -> None:
        """Write what waits, as far as that goes."""
        while self._waiting:
            try:
                self._waiting[0]()
            except StoreError:
                return
            self._waiting.popleft()
            if not self._waiting:
                self._tell(None)


def _problem(error: StoreError) -> Problem:
    return Problem(scrub(error.title), scrub(error.hint))
