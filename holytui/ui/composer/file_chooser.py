"""Attaching files that the text of a question names, and removing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import Picker
from holytui.ui.ports import Dialogs, Reporter

if TYPE_CHECKING:
    from holytui.attachments.selection import SelectedFiles
    from holytui.ui.composer.prompt import Prompt

_ATTACH, _REMOVE = "attach:", "remove:"


class FileChooser:
    """Changes which of the named files are attached."""

    def __init__(self, prompt: Prompt, *, dialogs: Dialogs, reporter: Reporter) -> None:
        self._prompt = prompt
        self._dialogs = dialogs
        self._reporter = reporter

    def choose(self, selected: SelectedFiles) -> None:
        """Attach or remove the only file at once; of several, let the user pick one."""
        choices = [Choice(_ATTACH + item.path, item.words, _("attach it")) for item in selected.named]
        choices += [Choice(_REMOVE + item.path, item.words, _("remove it")) for item in selected.attached]
        if not choices:
            self._reporter.say(_("the question names no file; @ and a path attach one"), Level.WARNING)
        elif len(choices) == 1:
            self._apply(choices[0].value)
        else:

            async def picked(value: str | None) -> None:
                self._apply(value or "")

            self._dialogs.ask(Picker(_("Files of this question"), choices), picked)

    def _apply(self, value: str) -> None:
        if value.startswith(_ATTACH):
            self._prompt.attach(value.removeprefix(_ATTACH))
        elif value:
            self._prompt.detach(value.removeprefix(_REMOVE))
