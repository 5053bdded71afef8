"""The prompts of the configuration, with values for their variables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from holytui.config.templates import FilledPrompt, fill, fill_from_line
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.text import excerpt
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import LineDialog, Picker

if TYPE_CHECKING:
    from holytui.ui.composer.prompt import Prompt
    from holytui.ui.ports import Dialogs, Reporter
    from holytui.ui.state import ChatState


class VariableDialogs:
    """Asks for the values of a prompt's variables, one after another."""

    def __init__(self, dialogs: Dialogs) -> None:
        self._dialogs = dialogs

    async def complete(self, prompt: FilledPrompt, then: Callable[[str], Awaitable[None]]) -> None:
        """Ask for each missing value, then pass the text on; Esc cancels all."""
        if not prompt.missing:
            await then(prompt.render())
            return
        name = prompt.missing[0]

        async def entered(value: str | None) -> None:
            if value is not None:
                await self.complete(replace(prompt, values={**prompt.values, name: value}), then)

        self._dialogs.ask(
            LineDialog(_("{variable} in the prompt “{prompt}”").format(variable=name, prompt=prompt.name)), entered
        )


class SavedPrompts:
    """Writes a saved prompt into the question."""

    def __init__(self, state: ChatState, prompt: Prompt, *, dialogs: Dialogs, reporter: Reporter) -> None:
        self._state = state
        self._prompt = prompt
        self._dialogs = dialogs
        self._reporter = reporter
        self._variables = VariableDialogs(dialogs)

    async def use(self, line: str = "") -> None:
        """Use the prompt that a line names, such as `translate language=French`; without one let the user choose.

        Raises PromptUnusable.
        """
        prompts = self._state.services.config.prompts
        if line:
            await self._variables.complete(fill_from_line(prompts, line), self._write)
        elif prompts:
            choices = [Choice(name, name, excerpt(text)) for name, text in prompts.items()]
            self._dialogs.ask(Picker(_("Prompt to write into the question"), choices), self._chosen)
        else:
            self._reporter.say(_("the configuration has no prompts: add them to [prompts]"), Level.WARNING)

    async def _chosen(self, name: str | None) -> None:
        if name is not None:
            await self._variables.complete(fill(self._state.services.config.prompts, name, ()), self._write)

    async def _write(self, text: str) -> None:
        self._prompt.insert(text)
        self._prompt.focus()
