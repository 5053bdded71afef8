"""Notes below a message: how it ended, what may be wrong with it, and which key helps."""

from __future__ import annotations

from typing import NamedTuple

from holytui.engine import ending
from holytui.hints import sentences
from holytui.i18n import _
from holytui.models import AnswerState, Message, Role
from holytui.presentation.labels import state as state_word
from holytui.store.transfer.markdown import damage


class Note(NamedTuple):
    """One note and its style."""

    text: str
    style: str = "$muted"
    is_hint: bool = False
    """Whether it names actions, as `holytui.hints` describes. Other texts may come from a server."""


def notes(message: Message) -> list[Note]:
    """All notes of a message, in order."""
    out: list[Note] = []
    if message.repaired:
        out.append(Note(f"▲ {damage(message)}", "$warning"))
    if message.role is Role.ASSISTANT:
        out += _ending_notes(message)
        for doubt in ending.describe_doubts(ending.Ending.of(message)):
            out += [Note(f"▲ {doubt.title}", "$warning"), Note(doubt.hint, is_hint=True)]
    return [note for note in out if note.text]


def _ending_notes(message: Message) -> list[Note]:
    match message.state:
        case AnswerState.FAILED | AnswerState.INTERRUPTED:
            mark, style = ("✗", "$error") if message.state is AnswerState.FAILED else ("▲", "$warning")
            problem = message.problem
            title = problem.title if problem else state_word(message.state)
            return [Note(f"{mark} {title}", style), Note(problem.hint if problem else "", is_hint=True)]
        case AnswerState.STOPPED if message.text or message.reasoning:
            return [Note(_("■ stopped by you; the text so far is kept"))]
        case AnswerState.STOPPED:
            return [Note(_("■ stopped by you before any text came"))]
        case AnswerState.QUEUED:
            words = _("Queued: goes out when the answer before it ends."), _("{Press:chat.stop} to take it back.")
            return [Note(sentences(*words), is_hint=True)]
        case _ if not message.state.final and not message.text:
            return [Note("…")]
        case _:
            return []
