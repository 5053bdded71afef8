"""The text of an answer, assembled from the raw texts of its attempts. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from holytui.models import Attempt, Join


def assemble(pieces: Iterable[tuple[Attempt, str]]) -> str:
    """Assemble an answer's text from its attempts and their raw texts, in order (see `models.Attempt`)."""
    text = ""
    for attempt, raw in pieces:
        text = _joined(text, attempt, raw)
    return text


def assemble_reasoning(pieces: Iterable[tuple[Attempt, str]]) -> str:
    """Concatenate the reasoning of attempts, in order; a restart discards the text before it."""
    text = ""
    for attempt, raw in pieces:
        text = raw if attempt.join is Join.RESTART else text + raw
    return text


def seams(pieces: Iterable[tuple[Attempt, str]]) -> tuple[int, ...]:
    """Offsets in the assembled text where an attempt was joined by a best guess."""
    found: list[int] = []
    length = 0
    for attempt, raw in pieces:
        if attempt.keep >= 0:
            length = min(length, attempt.keep)
            found = [offset for offset in found if offset < length]
        if attempt.join is Join.MARKED:
            found.append(length)
        length += len(attempt.visible_part(raw))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class SeamContext:
    """Both sides of a join, unmodified."""

    attempt: Attempt
    before: str
    """The answer's text before the attempt."""
    after: str
    """All text of the attempt, including its first `attempt.cut` characters, which the answer omits."""


def seam_contexts(pieces: Iterable[tuple[Attempt, str]]) -> tuple[SeamContext, ...]:
    """The joins by best guess, and the restarts that replaced text."""
    found: list[SeamContext] = []
    text = ""
    for attempt, raw in pieces:
        replaced = attempt.join is Join.RESTART and attempt.keep == 0 and attempt.resumed_by
        if attempt.join is Join.MARKED or replaced:
            found.append(SeamContext(attempt, text, raw))
        text = _joined(text, attempt, raw)
    return tuple(found)


def _joined(text: str, attempt: Attempt, raw: str) -> str:
    return (text[: attempt.keep] if attempt.keep >= 0 else text) + attempt.visible_part(raw)
