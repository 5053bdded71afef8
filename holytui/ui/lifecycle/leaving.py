"""Text of the chat that stays in the terminal's scrollback when the full screen closes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TextIO

from holytui.config.schema import Leave
from holytui.i18n import ngettext
from holytui.images import text_with_images
from holytui.models import AnswerState, Message, Role
from holytui.store.transfer.markdown import notes, speaker
from holytui.text import visible

LONGEST = {Leave.ANSWER: 64 << 10, Leave.CONVERSATION: 256 << 10, Leave.NOTHING: 0}
"""Most characters that are left: some seconds of a slow link, and no more lines than terminals keep."""
_PIECE = 2048


def text_to_leave(leave: Leave, messages: Sequence[Message], conversation_id: str) -> str:
    """Return the last answer, or the shown branch, as Markdown that is safe on a terminal; empty if there is none.

    Of a longer text the end is returned, after a line with the command that prints all of it.
    """
    answers = [message for message in messages if message.role is Role.ASSISTANT and message.text]
    if leave is Leave.NOTHING or not answers:
        return ""
    if leave is Leave.ANSWER:
        text = _body(answers[-1])
    else:
        text = "\n\n".join(f"## {speaker(message)}\n\n{_body(message)}" for message in messages)
    return _shortened(visible(text).strip("\n"), LONGEST[leave], conversation_id)


def print_left(text: str, out: TextIO) -> None:
    """Write `text` and a newline to the terminal. Ctrl+C ends it; a terminal that is lost is ignored."""
    try:
        for at in range(0, len(text), _PIECE):  # flushed in pieces, so that little is on its way when Ctrl+C comes
            out.write(text[at : at + _PIECE])
            out.flush()
        out.write("\n")
        out.flush()
    except KeyboardInterrupt:
        _ignore_errors(lambda: out.write("\n"))
        _ignore_errors(out.flush)
    except OSError:
        return


def _ignore_errors(write: Callable[[], object]) -> None:
    try:
        write()
    except (OSError, KeyboardInterrupt):
        return


def _body(message: Message) -> str:
    if message.role is Role.ASSISTANT and not message.state.final:  # it ends with the screen
        message = replace(message, state=AnswerState.STOPPED)
    remarks = "".join(f"\n\n> {note}" for note in notes(message)) if message.role is Role.ASSISTANT else ""
    return text_with_images(message).rstrip("\n") + remarks


def _shortened(text: str, longest: int, conversation_id: str) -> str:
    if len(text) <= longest:
        return text
    start = text.find("\n", len(text) - longest) + 1 or len(text) - longest
    lines = text.count("\n", 0, start) or 1
    words = ngettext("{count} earlier line: {command}", "{count} earlier lines: {command}", lines)
    return f"… {words.format(count=lines, command=f'holytui history show {conversation_id}')}\n{text[start:]}"
