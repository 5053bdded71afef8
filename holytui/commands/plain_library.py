"""The history in plain mode: numbered lists, and the end of a conversation that is opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from holytui import formatting as fmt
from holytui.commands.plain_printer import Printer
from holytui.engine.ending import Ending
from holytui.errors import HolytuiError
from holytui.i18n import _, ngettext
from holytui.images import as_text
from holytui.models import AnswerState, Conversation, Message, Role
from holytui.presentation.labels import state
from holytui.store.history import History
from holytui.text import sanitize_line

_MOST = 20


class PlainLibrary:
    """What is open, what was listed, and which answers were cut when holytui ended last."""

    def __init__(self, history: History, printer: Printer) -> None:
        self._history = history
        self._printer = printer
        self._cut: Sequence[Message] = ()
        self._listed: Sequence[str] = ()
        self.conversation: str | None = None
        """The id of the open one; None: the next question begins one."""

    # -- lists

    def show_list(self) -> None:
        """The newest conversations, numbered."""
        found = self._history.conversations()
        if not found:
            self._printer.notice(_("There is no conversation yet."))
            return
        self._listed = [one.id for one in found[:_MOST]]
        lines = [f"{number}. {_described(one)}" for number, one in enumerate(found[:_MOST], 1)]
        if len(found) > _MOST:
            lines.append(_("{count} more are in `holytui history list`.").format(count=len(found) - _MOST))
        self._printer.notice("\n".join(lines))

    def open(self, which: str) -> Conversation:
        """Open one, by its number in the list or the beginning of its id, and show its end. Raises HolytuiError."""
        found = self._history.conversation(self._id_of(which)) if which else None
        if found is None:
            raise HolytuiError(_("There is no such conversation"), _("/list shows them; /open N opens one."))
        self.conversation = found.id
        branch = self._history.branch(found.id)
        words = ngettext("{title}: {count} message.", "{title}: {count} messages.", len(branch))
        self._printer.notice(words.format(title=found.title, count=len(branch)))
        for message in _ending(branch):
            if message.role is Role.USER:
                self._printer.question(as_text(message))
            else:
                self._printer.text(message.text)
                self._printer.new_line()
                if message.state is not AnswerState.COMPLETE:
                    self._printer.notice(_("The answer is {state}.").format(state=state(message.state)))
                self._printer.doubts(Ending.of(message), found.id)
        return found

    def _id_of(self, which: str) -> str:
        listed = self._listed or [one.id for one in self._history.conversations()[:_MOST]]
        if which.isascii() and which.isdecimal() and 1 <= int(which[:9]) <= len(listed):
            return listed[int(which) - 1]
        return which

    # -- what was cut

    def show_cut(self) -> None:
        """Say which answers the last end of holytui cut off."""
        self._cut = tuple(self._history.unfinished())
        if not self._cut:
            return
        count = len(self._cut)
        words = ngettext(
            "{count} answer was cut when holytui last ended; /continue N continues it:",
            "{count} answers were cut when holytui last ended; /continue N continues one:",
            count,
        )
        titles = (self._history.conversation(message.conversation_id) for message in self._cut)
        lines = [f"{number}. {one.title if one else ''}" for number, one in enumerate(titles, 1)]
        self._printer.notice("\n".join([words.format(count=count), *lines]))

    def cut_answer(self, which: str) -> Message | None:
        """The one with this number. Raises HolytuiError if there is none."""
        if which.isascii() and which.isdecimal() and 1 <= int(which[:9]) <= len(self._cut):
            return self._history.message(self._cut[int(which) - 1].id)
        raise HolytuiError(
            _("There is no cut answer {number}").format(number=sanitize_line(which)[:40]),
            _("/continue without a number continues the last answer."),
        )

    def only_cut_answer(self) -> Message | None:
        """If there is just one, there is nothing to ask."""
        return self._history.message(self._cut[0].id) if len(self._cut) == 1 else None


def _described(one: Conversation) -> str:
    when = fmt.moment(one.updated_at, datetime.now().astimezone().date())
    return ", ".join(part for part in (one.title or _("untitled"), when, one.model) if part)


def _ending(branch: Sequence[Message]) -> Sequence[Message]:
    """The last question and what follows it."""
    for index in range(len(branch) - 1, -1, -1):
        if branch[index].role is Role.USER:
            return branch[index:]
    return branch[-1:]
