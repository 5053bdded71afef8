"""Putting a changed configuration into force in all parts of the screen and in the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from holytui import i18n, logs

if TYPE_CHECKING:
    from holytui.config.in_force import ConfigChange
    from holytui.ui.chat.layout import ChatLayout
    from holytui.ui.ports import StatusDisplay
    from holytui.ui.state import ChatState


class Reconfiguration:
    """Applies each change. Answers under way keep the configuration that they began with."""

    def __init__(
        self,
        state: ChatState,
        layout: ChatLayout,
        *,
        status: StatusDisplay,
        welcome: Callable[[], None],
        follows_default: bool,
    ) -> None:
        """`follows_default`: the model was not named on the command line."""
        self._state = state
        self._layout = layout
        self._status = status
        self._welcome = welcome
        self._follows_default = follows_default

    def apply(self, change: ConfigChange) -> None:
        """Apply a change."""
        old, new = change.before.config, change.after.config
        state, layout = self._state, self._layout
        logs.set_level(new.log_level)
        i18n.set_default_language(new.ui.language)
        if state.is_open:
            services = state.services
            services.engine.config = new
            for name, provider in old.providers.items():
                if new.providers.get(name) != provider:
                    services.keyrings.forget(name)
            known = [each for each in services.problems if each not in change.before.problems]
            state.services = replace(
                services, config=new, keymap=change.after.keymap, problems=(*change.after.problems, *known)
            )
        if self._follows_default and not state.conversation.id and state.model == old.default_model:
            state.model = new.default_model
        layout.configure(change.after.keymap, new.ui)
        if old.ui.sidebar is not new.ui.sidebar:
            layout.want_list(new.ui.sidebar)
        if not layout.log_view.messages:
            self._welcome()
        self._status.refresh(progress=True)
        self._status.estimate_context()
