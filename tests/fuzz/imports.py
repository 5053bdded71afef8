"""Files of conversations: entries are the same however the file is read, and what is taken in can be kept.

Input: how to cut (a byte), file.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from holytui.errors import TransferError
from holytui.models import AnswerState
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.transfer import chatgpt, native
from holytui.store.transfer.json_stream import BrokenEntry, entries
from holytui.store.values import Bundle
from tests.fuzz.json_values import changed
from tests.fuzz.pieces import CONTROLS, calls
from tests.store.samples import CONTENT, ask

_MOST_CALLS = 40
"""A character, in pieces of one."""
_FEW = 500
"""Conversations after which an empty history is taken."""
_held: list[SqliteHistory] = []
_count = [0]


class _Sparing(io.StringIO):
    """Gives at most so many characters at a time."""

    def __init__(self, text: str, most: int) -> None:
        super().__init__(text)
        self._most = most

    def read(self, size: int | None = -1) -> str:
        return super().read(self._most if size is None or size < 0 else min(size, self._most))


def _talk() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, SqliteHistory(Path(folder) / "history.db") as history:
        asked = ask(history, "Tiếng Việt?")
        history.journal(asked.attempt.id, CONTENT, "Một hai")
        history.finish(replace(asked.answer, text="Một hai", state=AnswerState.COMPLETE, seams=(2,)))
        bundle = history.bundle(asked.conversation_id)
        assert bundle is not None
        return native.to_json(bundle)


def _chatgpt() -> dict[str, Any]:
    def node(name: str, parent: str | None, role: str, content: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        message = {"author": {"role": role}, "create_time": 5.0, "content": content, **more}
        return {"id": name, "parent": parent, "message": message}

    text = {"content_type": "text", "parts": ["a\x1b"]}
    nodes = [
        {"id": "root", "parent": None, "message": None},
        node("q", "root", "user", {"content_type": "multimodal_text", "parts": ["b", {"content_type": "image"}]}),
        node("t", "q", "assistant", {"content_type": "thoughts", "thoughts": [{"summary": "s", "content": "c"}]}),
        node("tool", "t", "assistant", {"content_type": "code", "text": "x"}, recipient="python"),
        node("a", "tool", "assistant", text, metadata={"model_slug": "gpt-4o", "attachments": [{"mime_type": "a/b"}]}),
    ]
    mapping = {each["id"]: each for each in nodes}
    return {"title": "T", "create_time": 1.5, "mapping": mapping, "current_node": "a", "conversation_id": "c"}


def seeds() -> Iterator[bytes]:
    """Both formats, in each of the three ways in which entries may follow each other."""
    talk, other = _talk(), _chatgpt()
    for text in (
        json.dumps([talk, other]),
        "\n".join(json.dumps(each) for each in (talk, other)),
        json.dumps(talk, indent=1),
        json.dumps([other], indent=1),
        '[1, "a", null, {"a": "}\\"]"}, {broken, ]',
        '\ufeff{"a": 1} {"b": [[[]]]}\n\n{"c"',
    ):
        yield b"\2" + text.encode()


def mutated(data: bytes, random: Random) -> bytes | None:
    """The input with one value of one conversation changed."""
    value = changed(data[1:].decode("utf-8", "replace"), random)
    return None if value is None else data[:1] + value.encode()


def check(data: bytes) -> None:
    """Entries do not depend on the reads; those that are taken in are safe, come back the same, and can be stored."""
    if not data:
        return
    text = data[1:].decode("utf-8", "replace")
    found = list(entries(io.StringIO(text)))
    sparing = list(entries(_Sparing(text, data[0] % 8 + 1)))
    assert list(map(_comparable, sparing)) == list(map(_comparable, found)), "the reads change the entries"
    if len(text) < 300:
        count = calls(lambda: list(entries(_Sparing(text, 1))))
        assert count < _MOST_CALLS * (len(text) + 20), f"{count} calls for {len(text)} characters"
    for entry in found:
        if isinstance(entry, dict):
            _read(entry)


def _comparable(entry: object) -> str:
    return f"BrokenEntry: {entry}" if isinstance(entry, BrokenEntry) else repr(entry)


def _read(entry: dict[str, Any]) -> None:
    try:
        bundle = chatgpt.from_json(entry) if "mapping" in entry else native.from_json(entry)
    except TransferError as error:
        told = str(error)
        if not CONTROLS.isdisjoint(told):
            raise AssertionError("a control character in an error") from error
        return
    _safe(bundle)
    again = native.from_json(json.loads(json.dumps(native.to_json(replace(bundle, origin=None, origins={})))))
    assert again.messages == list(bundle.messages), "messages that do not come back"
    assert again.attempts == list(bundle.attempts), "attempts that do not come back"
    assert again.conversation == bundle.conversation, "a conversation that does not come back"
    history = _history()
    try:
        history.add_bundle(bundle)
    except TransferError:
        return
    kept = history.bundle(bundle.conversation.id)
    assert kept is not None or bundle.origin is not None, "what was added is not there"


def _safe(bundle: Bundle) -> None:
    talk = bundle.conversation
    for text in (talk.title, talk.system, talk.model, talk.draft):
        assert CONTROLS.isdisjoint(text), "a control character in a conversation"
    for message in bundle.messages:
        for text in (message.text, message.reasoning, message.model, message.finish_reason):
            assert CONTROLS.isdisjoint(text), "a control character in a message"


def _history() -> SqliteHistory:
    _count[0] += 1
    if not _held or _count[0] % _FEW == 0:
        if _held:
            _held.pop().close()
        _held.append(SqliteHistory(Path(tempfile.mkdtemp(prefix="holytui-fuzz-")) / "history.db"))
    return _held[0]
