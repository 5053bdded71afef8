"""The action that connects a provider, and puts the new configuration into force."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from holytui.connect.writer import require_editable
from holytui.i18n import _
from holytui.text import sanitize_line
from holytui.ui.connect.dialog import ConnectDialog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from holytui.ui.ports import Dialogs, Reporter
    from holytui.ui.state import ChatState


class ConnectAction:
    """Opens the dialog. The methods raise HolytuiError."""

    def __init__(
        self,
        state: ChatState,
        config_file: Path,
        *,
        use: Callable[[str], Awaitable[None]],
        reload: Callable[[], Awaitable[None]],
        dialogs: Dialogs,
        reporter: Reporter,
    ) -> None:
        """`use` makes a model that of the next question; `reload` puts the written configuration into force."""
        self._state = state
        self._config_file = config_file
        self._use = use
        self._reload = reload
        self._dialogs = dialogs
        self._reporter = reporter

    async def open(self) -> None:
        """Connect a provider, and use its model from then on. Raises ConfigError if the file cannot be changed."""
        self._state.services  # noqa: B018 - raises HistoryNotOpen
        config = await asyncio.to_thread(require_editable, self._config_file)
        dialog = ConnectDialog(config, self._config_file)

        async def done(model: str | None) -> None:
            if model is not None and dialog.saved is not None:
                await self._reload()
                # also where only the key has changed
                self._state.services.keyrings.forget(model.partition("/")[0])
                await self._use(model)
                words = _("connected to {model} · written into {file}")
                file = sanitize_line(str(self._config_file))
                self._reporter.say(words.format(model=sanitize_line(model), file=file))

        self._dialogs.ask(dialog, done)
