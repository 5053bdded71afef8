"""What is written in the prompt and was not sent yet: kept for each conversation, on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from holytui.errors import StoreError

if TYPE_CHECKING:
    from holytui.store.history import History

_NEW = "draft new"
"""Where the draft of a conversation that does not exist yet is kept."""
_MARK = '{"holytui draft":'


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of a prompt, what the chips in it stand for, and the files that were chosen for it."""

    text: str = ""
    pastes: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Each path, as it is written, with its place."""


def encode(draft: Draft) -> str:
    """As the history keeps it: the text itself, or JSON where it has chips or files."""
    if not draft.pastes and not draft.files and not draft.text.startswith(_MARK):
        return draft.text
    kept = {"holytui draft": draft.text, "pastes": dict(draft.pastes), "files": dict(draft.files)}
    return json.dumps(kept, ensure_ascii=False)


def decode(kept: str) -> Draft:
    """What `encode` was given; text that it did not make is a draft as it is."""
    if kept.startswith(_MARK):
        try:
            found = json.loads(kept)
        except ValueError:
            return Draft(kept)
        match found:
            case {"holytui draft": str(text), "pastes": dict(pastes)} if _texts(pastes):
                files = found.get("files")
                return Draft(text, pastes, files if isinstance(files, dict) and _texts(files) else {})
            case _:
                pass
    return Draft(kept)


def _texts(found: Mapping[object, object]) -> bool:
    return all(isinstance(value, str) for value in found.values())


def load(history: History, conversation_id: str) -> Draft:
    """The draft of a conversation (empty id: of a new one). Blocks on the disk. Raises StoreError."""
    if not conversation_id:
        return decode(history.recall(_NEW) or "")
    conversation = history.conversation(conversation_id)
    return decode(conversation.draft) if conversation is not None else Draft()


def save(history: History, conversation_id: str, draft: Draft) -> None:
    """Keep it, without a word when that cannot be done: the text is still in the prompt. Blocks on the disk."""
    try:
        if conversation_id:
            history.update_conversation(conversation_id, draft=encode(draft))
        else:
            history.remember(_NEW, encode(draft))
    except StoreError:
        pass  # what is wrong with the history is told where it matters: when a question is put


class DraftBuffer:
    """Whose the text in the prompt is, what of it is kept already, and what is still to be written to the disk."""

    __slots__ = ("_last", "_pending", "conversation_id")

    def __init__(self) -> None:
        self.conversation_id = ""
        """Empty: a conversation that does not exist yet."""
        self._last = Draft()
        self._pending: dict[str, Draft] = {}

    @property
    def new_conversation(self) -> Draft:
        """What is to be saved for a conversation that does not exist yet."""
        return self._pending.get("", Draft())

    def update(self, draft: Draft) -> bool:
        """The prompt holds `draft` now; whether that is still to be saved."""
        if draft != self._last:
            self._last = self._pending[self.conversation_id] = draft
        return bool(self._pending)

    def switch_to(self, conversation_id: str, kept: Draft) -> Draft:
        """The prompt belongs to another conversation, for which the disk has `kept`; what to write there."""
        self.conversation_id = conversation_id
        self._last = self._pending.get(conversation_id, kept)
        return self._last

    def assign_id(self, conversation_id: str) -> None:
        """The conversation that did not exist yet has an id now; the prompt stays with it."""
        if self._last != Draft():
            self._pending[""] = self._last = Draft()
        self.conversation_id = conversation_id

    def save(self, history: History) -> None:
        """Write what waits. Blocks on the disk."""
        while self._pending:
            conversation_id, draft = next(iter(self._pending.items()))
            save(history, conversation_id, draft)
            if self._pending.get(conversation_id) is draft:
                self._pending.pop(conversation_id, None)
