"""Drafts: the unsent text of the prompt, stored for each conversation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from holytui.errors import StoreError

if TYPE_CHECKING:
    from holytui.store.history import History

_NEW = "draft new"
"""Key of the draft of a new conversation."""
_MARK = '{"holytui draft":'


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of a prompt, the pastes behind its chips, and the files chosen for it."""

    text: str = ""
    pastes: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Path as written to absolute path."""


def encode(draft: Draft) -> str:
    """The stored form: the text itself, or JSON if it has chips or files."""
    if not draft.pastes and not draft.files and not draft.text.startswith(_MARK):
        return draft.text
    kept = {"holytui draft": draft.text, "pastes": dict(draft.pastes), "files": dict(draft.files)}
    return json.dumps(kept, ensure_ascii=False)


def decode(kept: str) -> Draft:
    """Inverse of `encode`; any other text is a draft without chips and files."""
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
    """Store a draft; an error is ignored, as the text is still in the prompt. Blocks on the disk."""
    try:
        if conversation_id:
            history.update_conversation(conversation_id, draft=encode(draft))
        else:
            history.remember(_NEW, encode(draft))
    except StoreError:
        pass  # reported when a question is sent


class DraftBuffer:
    """The conversation of the text in the prompt, and drafts that are not stored yet."""

    __slots__ = ("_last", "_pending", "conversation_id")

    def __init__(self) -> None:
        self.conversation_id = ""
        """Empty: a new conversation."""
        self._last = Draft()
        self._pending: dict[str, Draft] = {}

    @property
    def new_conversation(self) -> Draft:
        """The draft to be stored for a new conversation."""
        return self._pending.get("", Draft())

    def update(self, draft: Draft) -> bool:
        """Set the draft in the prompt; returns whether any draft must be stored."""
        if draft != self._last:
            self._last = self._pending[self.conversation_id] = draft
        return bool(self._pending)

    def switch_to(self, conversation_id: str, kept: Draft) -> Draft:
        """Switch to another conversation, whose stored draft is `kept`; returns the draft to show."""
        self.conversation_id = conversation_id
        self._last = self._pending.get(conversation_id, kept)
        return self._last

    def assign_id(self, conversation_id: str) -> None:
        """Set the id of the new conversation, which has been stored."""
        if self._last != Draft():
            self._pending[""] = self._last = Draft()
        self.conversation_id = conversation_id

    def save(self, history: History) -> None:
        """Store all drafts that are not stored yet. Blocks on the disk."""
        while self._pending:
            conversation_id, draft = next(iter(self._pending.items()))
            save(history, conversation_id, draft)
            if self._pending.get(conversation_id) is draft:
                self._pending.pop(conversation_id, None)
