"""Bookmark of the user's place at a hang-up, for the next start."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holytui.errors import StoreError
from holytui.models import AnswerState, Message

if TYPE_CHECKING:
    from holytui.store.history import History

_KEY = "where the terminal hung up"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The open conversation and interrupted answers at the last end; both may be empty."""

    conversation_id: str = ""
    interrupted: tuple[Message, ...] = ()
    """Answers that were interrupted after the hang-up and not resumed since."""


def save(history: History, conversation_id: str | None, interrupted: Sequence[str] = ()) -> None:
    """Store a bookmark; None keeps the stored conversation. Errors are ignored. Blocks on the disk."""
    with suppress(StoreError):  # a bookmark is not essential
        place, before = _read(history)
        kept = [*before, *(each for each in interrupted if each not in before)]
        history.remember(_KEY, json.dumps([place if conversation_id is None else conversation_id, kept]))


def take(history: History) -> Bookmark:
    """Read and remove the bookmark. Blocks on the disk. Raises StoreError."""
    place, ids = _read(history)
    if not place and not ids:
        return Bookmark()
    with suppress(StoreError):  # a bookmark that is read twice does no harm
        history.remember(_KEY, "")
    found = [message for each in ids if (message := history.message(each)) is not None]
    known = place if place and history.conversation(place) is not None else ""
    return Bookmark(known, tuple(message for message in found if message.state is AnswerState.INTERRUPTED))


def _read(history: History) -> tuple[str, list[str]]:
    try:
        match json.loads(history.recall(_KEY) or "null"):
            case [str(place), list(ids)] if all(isinstance(each, str) for each in ids):
                return place, ids
    except ValueError:
        pass
    return "", []
