"""The shapes of OpenAI's chat completions API, as far as the guide speaks it: what is asked, chunks, errors.

Field names and shapes: OpenAI API reference, "Chat" and "Models". `reasoning_content` is DeepSeek's and llama.cpp's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from holytui.i18n import _
from holytui.text import sanitize

_ROLES = frozenset({"system", "developer", "user", "assistant"})
_TOKEN = re.compile(r" ?[^\W\d_]{1,5}|\d{1,3}|\n{1,4}| {1,4}|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that gets an error instead of an answer."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def body(self) -> dict[str, object]:
        """The body of a response with this status."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}

    def in_band(self) -> str:
        """The `data:` of an event within a stream that had begun well: its code is the status, as OpenRouter has it."""
        return json.dumps({"error": {"message": self.message, "type": self.type, "code": self.status}})


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation; its text is sanitised."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A valid body of `POST /chat/completions`."""

    model: str
    turns: tuple[Turn, ...]
    stream: bool = False
    include_usage: bool = False
    limit: int | None = None
    """Tokens at most (`max_tokens` or `max_completion_tokens`)."""


def parse_chat(body: bytes) -> ChatCall | Refusal:
    """What `body` asks for."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal(400, _("The request is not valid JSON"))
    if not isinstance(data, dict):
        return Refusal(400, _("The request is not a JSON object"))
    model = data.get("model")
    if not isinstance(model, str) or not model:
        return _wrong("model")
    turns = _turns(data.get("messages"))
    if isinstance(turns, Refusal):
        return turns
    if data.get("n", 1) not in (1, None):
        return _wrong("n")
    stream = data.get("stream") or False
    if not isinstance(stream, bool):
        return _wrong("stream")
    options = data.get("stream_options") or {}
    if not isinstance(options, dict):
        return _wrong("stream_options")
    limit = data.get("max_completion_tokens") or data.get("max_tokens")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        return _wrong("max_tokens")
    return ChatCall(model, turns, stream, options.get("include_usage") is True, limit)


def _wrong(param: str) -> Refusal:
    return Refusal(400, _("“{param}” is missing or not valid").format(param=param), param=param)


def _turns(messages: object) -> tuple[Turn, ...] | Refusal:
    if not isinstance(messages, list) or not messages:
        return _wrong("messages")
    turns = []
    for number, message in enumerate(messages):
        text = _text(message.get("content")) if isinstance(message, dict) else None
        role = message.get("role") if isinstance(message, dict) else None
        if text is None or not isinstance(role, str) or role not in _ROLES:
            return _wrong(f"messages[{number}]")
        turns.append(Turn(role, sanitize(text)))
    return tuple(turns)


def _text(content: object) -> str | None:
    """The text of a message's content: a text, nothing, or parts of which only the texts count."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        return None
    texts = []
    for part in content:
        if not isinstance(part, dict):
            return None
        if part.get("type") == "text":
            text = part.get("text")
            if not isinstance(text, str):
                return None
            texts.append(text)
    return "\n".join(texts)


def tokens(text: str) -> list[str]:
    """`text` in pieces of one to six characters that split words, as a model's do; joined they are `text`."""
    return _TOKEN.findall(text)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every chunk of one answer has in common. Each method gives the value of one `data:` line."""

    id: str
    created: int
    """Unix time in seconds."""
    model: str
    with_usage: bool = False

    def delta(self, delta: Mapping[str, str], finish: str | None = None) -> str:
        """A chunk with something of the answer, or with its end."""
        return self._dump([{"index": 0, "delta": delta, "finish_reason": finish}], None)

    def usage(self, figures: Mapping[str, object]) -> str:
        """The chunk after the answer, which has figures and no choices."""
        return self._dump([], figures)

    def whole(self, text: str, reasoning: str, finish: str, figures: Mapping[str, object]) -> dict[str, object]:
        """The answer to a request that did not ask for a stream."""
        message = {"role": "assistant", "content": text}
        if reasoning:
            message["reasoning_content"] = reasoning
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return {**self._head("chat.completion"), "choices": [choice], "usage": figures}

    def _head(self, kind: str) -> dict[str, object]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": "fp_guide",
        }

    def _dump(self, choices: list[dict[str, object]], figures: Mapping[str, object] | None) -> str:
        data = {**self._head("chat.completion.chunk"), "choices": choices}
        if self.with_usage:
            data["usage"] = figures
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def usage(turns: tuple[Turn, ...], content: int, reasoning: int) -> dict[str, object]:
    """The figures of an answer of so many tokens. A message costs four more than its text, as OpenAI counts."""
    asked = sum(len(tokens(turn.text)) + 4 for turn in turns)
    said = content + reasoning
    return {
        "prompt_tokens": asked,
        "completion_tokens": said,
        "total_tokens": asked + said,
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
