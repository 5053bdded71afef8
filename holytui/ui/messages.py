"""Textual messages between parts of the screen that do not know each other."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from holytui.models import AnswerState


@dataclass
class AnswerEnded(Message):
    """An answer that this window received has ended, `seconds` after it was asked for."""

    conversation_id: str
    state: AnswerState
    seconds: float
