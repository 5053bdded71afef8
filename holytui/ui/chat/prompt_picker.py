"""Choosing the system prompt and the parameters of a conversation. Both apply from the next question on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from holytui.config import params_line
from holytui.config.templates import fill, variables
from holytui.engine.context import system_prompt
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.text import excerpt, nfc, sanitize
from holytui.ui.chat.saved_prompts import VariableDialogs
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import LineDialog, Picker
from holytui.ui.dialogs.text import TextDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from holytui.ui.ports import Dialogs, Navigation, Reporter, StatusDisplay
    from holytui.ui.state import ChatState

_NONE, _WRITE, _PARAMS, _PROMPT = "none", "write", "params", "prompt:"


class PromptPicker:
    """Picks a prompt of the library, or lets the user write one. The methods raise StoreError."""

    def __init__(
        self,
        state: ChatState,
        *,
        navigation: Navigation,
        status: StatusDisplay,
        dialogs: Dialogs,
        reporter: Reporter,
        welcome: Callable[[], None],
    ) -> None:
        """`welcome` fills the transcript of an empty conversation."""
        self._state = state
        self._navigation = navigation
        self._status = status
        self._dialogs = dialogs
        self._reporter = reporter
        self._welcome = welcome
        self._variables = VariableDialogs(dialogs)

    async def pick(self) -> None:
        """Show the prompts of the library, and the ways to write one and to set parameters."""
        system, given = await asyncio.to_thread(self._current)
        prompts = self._state.services.config.prompts
        current = next(
            (_PROMPT + name for name, text in prompts.items() if text == system), _WRITE if system else _NONE
        )
        choices = [Choice(_PROMPT + name, name, excerpt(text)) for name, text in prompts.items()]
        choices += [
            Choice(_NONE, _("no system prompt")),
            Choice(_WRITE, _("write one…"), excerpt(system) if current == _WRITE else ""),
            Choice(_PARAMS, _("parameters…"), params_line.format_params(given)),
        ]

        async def chosen(value: str | None) -> None:
            if value == _NONE:
                await self._use_system("")
            elif value == _WRITE:
                self._write(system)
            elif value == _PARAMS:
                self._ask_params(given)
            elif value is not None:
                await self._use_prompt(prompts, value.removeprefix(_PROMPT))

        self._dialogs.ask(Picker(_("System prompt and parameters of this conversation"), choices, current), chosen)

    async def _use_prompt(self, prompts: Mapping[str, str], name: str) -> None:
        if variables(prompts[name]):
            await self._variables.complete(fill(prompts, name, ()), self._use_system)
        else:
            await self._use_system(prompts[name])

    def _current(self) -> tuple[str, Mapping[str, object]]:
        """System prompt and parameters of the next question. Blocks on the disk."""
        state, services = self._state, self._state.services
        found = services.history.conversation(state.conversation.id) if state.conversation.id else None
        if found is not None:
            return found.system, found.params
        settings, config = state.new_conversation, services.config
        wanted = config.system if settings.system is None else settings.system
        return system_prompt(wanted, config.prompts), settings.params

    def _write(self, system: str) -> None:
        async def written(text: str | None) -> None:
            if text is not None:
                await self._use_system(sanitize(nfc(text)).strip())

        self._dialogs.ask(TextDialog(_("System prompt of this conversation"), system), written)

    async def _use_system(self, text: str) -> None:
        state = self._state
        if (conversation_id := state.conversation.id) != "":
            await asyncio.to_thread(state.services.history.update_conversation, conversation_id, system=text)
            await self._navigation.open(conversation_id)
        else:
            state.new_conversation = replace(state.new_conversation, system=text)
            self._welcome()
        on, off = _("the system prompt applies from the next question on"), _("no system prompt from now on")
        self._reporter.say(on if text else off)

    def _ask_params(self, given: Mapping[str, object]) -> None:
        async def written(line: str | None) -> None:
            if line is not None:
                await self._use_params(line)

        title = _("Parameters, such as temperature = 0.7, max_tokens = 1000")
        self._dialogs.ask(LineDialog(title, params_line.format_params(given)), written)

    async def _use_params(self, line: str) -> None:
        state, found = self._state, params_line.parse_params(line)
        if isinstance(found, str):
            self._reporter.say(found, Level.ERROR)
            return
        if state.conversation.id:
            await asyncio.to_thread(state.services.history.update_conversation, state.conversation.id, params=found)
        state.set_params(found)
        self._status.refresh()
        words = _("from the next question on: {params}")
        self._reporter.say(words.format(params=params_line.format_params(found) or "–"))
