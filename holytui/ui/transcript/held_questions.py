"""Questions that a limit of spending holds back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.presentation.notice import Level

if TYPE_CHECKING:
    from holytui.ui.ports import Reporter, Transcript, Turns
    from holytui.ui.state import ChatState


class HeldQuestions:
    """Sends the questions of the open conversation that are held, one at a time."""

    def __init__(self, state: ChatState, transcript: Transcript, *, turns: Turns, reporter: Reporter) -> None:
        self._state = state
        self._transcript = transcript
        self._turns = turns
        self._reporter = reporter

    async def send_first(self) -> None:
        """Send the oldest held question although a limit is reached. Raises ModelUnknown, StoreError."""
        # imported here, so that the first paint does not wait for the engine
        from holytui.engine.spending import is_held

        held = next((message for message in self._transcript.messages if is_held(message)), None)
        if held is None:
            self._reporter.say(_("no question of this conversation is held by a limit"), Level.WARNING)
            return
        engine = self._state.services.engine
        await self._turns.begin(await asyncio.to_thread(engine.resume, held.id, over_limit=True))
