"""Attaching files that the text of a question names, and taking them off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import Picker
from holytui.ui.reporting import ask

if TYPE_CHECKING:
    from holytui.attachments.selection import Selected
    from holytui.ui.chat.screen import ChatScreen

_ATTACH, _TAKE_OFF = "attach:", "take off:"


def choose(screen: ChatScreen, selected: Selected) -> None:
    """The only file changes its state at once; of several one is picked."""
    choices = [Choice(_ATTACH + item.path, item.words, _("attach it")) for item in selected.named]
    choices += [Choice(_TAKE_OFF + item.path, item.words, _("remove it")) for item in selected.attached]
    if not choices:
        screen.say(_("the question names no file; @ and a path attach one"), Level.WARNING)
    elif len(choices) == 1:
        _do(screen, choices[0].value)
    else:

        async def picked(value: str | None) -> None:
            _do(screen, value or "")

        ask(screen, Picker(_("Files of this question"), choices), picked)


def _do(screen: ChatScreen, value: str) -> None:
    if value.startswith(_ATTACH):
        screen.prompt.attach(value.removeprefix(_ATTACH))
    elif value:
        screen.prompt.take_off(value.removeprefix(_TAKE_OFF))
