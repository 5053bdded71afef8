"""Choosing the reasoning effort of a conversation. It applies from the next question on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from holytui.config.effort import Effort, describe, next_level, parse_level
from holytui.i18n import _
from holytui.presentation.notice import Level

if TYPE_CHECKING:
    from holytui.ui.ports import Reporter, StatusDisplay
    from holytui.ui.state import ChatState


class EffortAction:
    """Sets the level by name, or the one that follows the present one."""

    def __init__(self, state: ChatState, *, status: StatusDisplay, reporter: Reporter) -> None:
        self._state = state
        self._status = status
        self._reporter = reporter

    async def choose(self, name: str = "") -> None:
        """Use the named level; without a name the next one. Raises EffortUnknown, StoreError."""
        state = self._state
        level = parse_level(name) if name else next_level(state.effort)
        params, shown = state.with_effort(level), state.conversation
        if shown.id:
            await asyncio.to_thread(state.services.history.update_conversation, shown.id, params=params)
        if state.is_current(shown):
            state.set_params(params)
        self._status.refresh()
        self._report(level)

    def _report(self, level: Effort | None) -> None:
        # imported here, so that the first paint does not wait for the engine
        from holytui.providers.resolve import resolve

        state = self._state
        if level is not None and not resolve(state.services.config, state.model).effort_params(level, {}):
            words = _("{model} has no setting for the reasoning effort; nothing is sent for it")
            self._reporter.say(words.format(model=state.model), Level.WARNING)
            return
        self._reporter.say(_("reasoning effort from the next question on: {level}").format(level=describe(level)))
