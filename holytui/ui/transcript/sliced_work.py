"""Long work on the event loop, done in slices, while key presses are held back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

from textual.events import Key

from holytui.ui.markdown.budget import within

_T = TypeVar("_T")
Work = Generator[None, None, _T]
"""Long work with a result; from one `next` to the next it takes a few milliseconds."""

_SLICE = 0.01
"""Seconds of work between two turns of the event loop."""


class SlicedWork:
    """Does one piece of work at a time; starting another one abandons it."""

    def __init__(
        self,
        *,
        start: Callable[[Coroutine[Any, Any, None]], object],
        version: Callable[[], object],
        release: Callable[[Key], object],
    ) -> None:
        """`start` runs a coroutine in the background. Work ends when `version` changes, as it was for other lines.
        `release` gets each key that was held, in order, when work ends."""
        self._start = start
        self._version = version
        self._release = release
        self._work: Work[None] | None = None
        self._keys: list[Key] = []

    @property
    def running(self) -> bool:
        """Whether work is not finished, or held keys are not released."""
        return self._work is not None or bool(self._keys)

    def run(self, work: Work[None]) -> None:
        """Do it at once if one slice is enough, else in the background."""
        self.stop()
        if not _advance(work):
            self._work = work
            self._start(self._continue())

    def hold(self, key: Key) -> bool:
        """Hold back a key until the work ends; False if there is no work. Esc ends it and discards the held keys."""
        if self._work is None:
            return False
        if key.key != "escape":
            self._keys.append(key)
            return True
        self._keys.clear()
        self.stop()
        return False

    def stop(self) -> None:
        """Abandon the work and release the held keys."""
        self._work = None
        keys, self._keys = self._keys, []
        for key in keys:
            self._release(key)

    async def _continue(self) -> None:
        version = self._version()
        try:
            while (work := self._work) is not None:
                await asyncio.sleep(0)
                if self._version() != version:
                    return
                if work is self._work and _advance(work):
                    return
        finally:
            self.stop()


def _advance(work: Work[None]) -> bool:
    """Work for one slice; True if it is finished."""
    spent = within(_SLICE)
    return all(not spent() for _step in work)
