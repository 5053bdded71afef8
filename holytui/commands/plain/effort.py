"""The reasoning effort of a conversation in plain mode."""

from __future__ import annotations

from holytui.commands.plain.printer import PlainPrinter
from holytui.commands.plain.sender import QuestionSender
from holytui.config.effort import describe, effort_of, parse_level, with_level
from holytui.i18n import _
from holytui.store.history import History


class EffortSetting:
    """Sets the level of a conversation, or of the one that the next question of `sender` creates."""

    def __init__(self, history: History, sender: QuestionSender, printer: PlainPrinter) -> None:
        self._history = history
        self._sender = sender
        self._printer = printer

    def choose(self, name: str, conversation: str | None) -> None:
        """Use the named level; without a name show the present one. Raises EffortUnknown, StoreError."""
        stored = self._history.conversation(conversation) if conversation is not None else None
        params = stored.params if stored is not None else self._sender.params
        level = parse_level(name) if name else effort_of(params)
        if name and stored is not None:
            self._history.update_conversation(stored.id, params=with_level(params, level))
        elif name:
            self._sender.params = with_level(params, level)
        self._printer.notice(_("Reasoning effort: {level}").format(level=describe(level)))
