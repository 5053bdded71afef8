"""The history in plain mode: numbered lists, and the end of an opened conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from holytui import formatting as fmt
from holytui.commands.plain.printer import PlainPrinter
from holytui.engine.ending import Ending
from holytui.engine.spending import is_held
from holytui.errors import HolytuiError
from holytui.i18n import _, ngettext
from holytui.images import text_with_images
from holytui.models import AnswerState, Conversation, Message, Role
from holytui.presentation.labels import state
from holytui.store.history import History
from holytui.text import sanitize_line

_MOST = 20


class PlainLibrary:
    """The open conversation, the last list, and the answers interrupted when holytui last ended."""

    def __init__(self, history: History, printer: PlainPrinter) -> None:
        self._history = history
        self._printer = printer
        self._interrupted: Sequence[Message] = ()
        self._listed: Sequence[str] = ()
        self.conversation: str | None = None
        """The id of the open conversation; None: the next question starts one."""

    # -- lists

    def show_list(self) -> None:
        """List the newest conversations, numbered."""
        found = self._history.conversations()
        if not found:
            self._printer.notice(_("There are no conversations yet."))
            return
        self._listed = [one.id for one in found[:_MOST]]
        lines = [f"{number}. {_described(one)}" for number, one in enumerate(found[:_MOST], 1)]
        if len(found) > _MOST:
            lines.append(_("{count} more are in `holytui history list`.").format(count=len(found) - _MOST))
        self._printer.notice("\n".join(lines))

    def open(self, which: str) -> Conversation:
        """Open a conversation by its number in the list or its id, and show its end. Raises HolytuiError."""
        found = self._history.conversation(self._id_of(which)) if which else None
        if found is None:
            raise HolytuiError(_("No such conversation"), _("/list shows them; /open N opens one."))
        self.conversation = found.id
        branch = self._history.branch(found.id)
        words = ngettext("{title}: {count} message.", "{title}: {count} messages.", len(branch))
        self._printer.notice(words.format(title=found.title, count=len(branch)))
        for message in _ending(branch):
            if message.role is Role.USER:
                self._printer.question(text_with_images(message))
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

    # -- interrupted answers

    def show_interrupted(self) -> None:
        """List the answers that were interrupted when holytui last ended."""
        self._interrupted = tuple(self._history.unfinished())
        if not self._interrupted:
            return
        count = len(self._interrupted)
        words = ngettext(
            "{count} answer was interrupted when holytui last ended; /continue N continues it:",
            "{count} answers were interrupted when holytui last ended; /continue N continues one:",
            count,
        )
        titles = (self._history.conversation(message.conversation_id) for message in self._interrupted)
        lines = [f"{number}. {one.title if one else ''}" for number, one in enumerate(titles, 1)]
        self._printer.notice("\n".join([words.format(count=count), *lines]))

    def interrupted_answer(self, which: str) -> Message | None:
        """Return the answer with a number of the list. Raises HolytuiError if there is none."""
        if which.isascii() and which.isdecimal() and 1 <= int(which[:9]) <= len(self._interrupted):
            return self._history.message(self._interrupted[int(which) - 1].id)
        raise HolytuiError(
            _("There is no interrupted answer {number}").format(number=sanitize_line(which)[:40]),
            _("/continue without a number continues the last answer."),
        )

    def held_answer(self) -> Message | None:
        """Return the oldest answer of the open conversation that a limit of spending holds."""
        branch = self._history.branch(self.conversation) if self.conversation is not None else ()
        return next((message for message in branch if is_held(message)), None)

    def only_interrupted_answer(self) -> Message | None:
        """Return the interrupted answer if there is exactly one."""
        return self._history.message(self._interrupted[0].id) if len(self._interrupted) == 1 else None


def _described(one: Conversation) -> str:
    when = fmt.moment(one.updated_at, datetime.now().astimezone().date())
    return ", ".join(part for part in (one.title or _("untitled"), when, one.model) if part)


def _ending(branch: Sequence[Message]) -> Sequence[Message]:
    """Return the last question and the messages after it."""
    for index in range(len(branch) - 1, -1, -1):
        if branch[index].role is Role.USER:
            return branch[index:]
    return branch[-1:]
