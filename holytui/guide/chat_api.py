"""The part of OpenAI's chat completions API that the guide implements: requests, chunks, errors.

Fields are those of the OpenAI API reference, "Chat" and "Models"; `reasoning_content` is DeepSeek's and llama.cpp's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from holytui.i18n import _
from holytui.text import sanitize

_ROLES = frozenset({"system", "developer", "user", "assistant"})
_TOKEN = re.compile(r" ?[^\W\d_]{1,5}|\d{1,3}|\n{1,4}| {1,4}|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """An error, as the body of a response or as an event of a stream."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def body(self) -> dict[str, object]:
        """Return the body of a response with this status."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}

    def in_band(self) -> str:
        """Return the `data:` of an event in a stream; its code is the status, as OpenRouter has it."""
        return json.dumps({"error": {"message": self.message, "type": self.type, "code": self.status}})


@dataclass(frozen=True, slots=True)
class GuideMessage:
    """A message of the conversation; its text is sanitised."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A valid body of `POST /chat/completions`."""

    model: str
    messages: tuple[GuideMessage, ...]
    stream: bool = False
    include_usage: bool = False
    limit: int | None = None
    """Most tokens (`max_completion_tokens` or `max_tokens`)."""


def parse_chat(body: bytes) -> ChatCall | ErrorResponse:
    """Parse the body of a request; return the error for an invalid one."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ErrorResponse(400, _("The request is not valid JSON"))
    if not isinstance(data, dict):
        return ErrorResponse(400, _("The request is not a JSON object"))
    model = data.get("model")
    if not isinstance(model, str) or not model:
        return _invalid("model")
    messages = _messages(data.get("messages"))
    if isinstance(messages, ErrorResponse):
        return messages
    if data.get("n", 1) not in (1, None):
        return _invalid("n")
    stream = data.get("stream") or False
    if not isinstance(stream, bool):
        return _invalid("stream")
    options = data.get("stream_options") or {}
    if not isinstance(options, dict):
        return _invalid("stream_options")
    limit = data.get("max_completion_tokens") or data.get("max_tokens")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        return _invalid("max_tokens")
    return ChatCall(model, messages, stream, options.get("include_usage") is True, limit)


def _invalid(param: str) -> ErrorResponse:
    return ErrorResponse(400, _("“{param}” is missing or not valid").format(param=param), param=param)


def _messages(values: object) -> tuple[GuideMessage, ...] | ErrorResponse:
    if not isinstance(values, list) or not values:
        return _invalid("messages")
    messages = []
    for number, value in enumerate(values):
        text = _text(value.get("content")) if isinstance(value, dict) else None
        role = value.get("role") if isinstance(value, dict) else None
        if text is None or not isinstance(role, str) or role not in _ROLES:
            return _invalid(f"messages[{number}]")
        messages.append(GuideMessage(role, sanitize(text)))
    return tuple(messages)


def _text(content: object) -> str | None:
    """Return the text of a message's content, of whose parts only the texts count; None if it is invalid."""
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


def tokenize(text: str) -> list[str]:
    """Split `text` into pieces of one to six characters, within words too, as a model does."""
    return _TOKEN.findall(text)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The fields that all chunks of an answer share; its methods return the values of `data:` lines."""

    id: str
    created: int
    """Unix time in seconds."""
    model: str
    with_usage: bool = False

    def delta(self, delta: Mapping[str, str], finish: str | None = None) -> str:
        """Return a chunk with a part of the answer, or with its end."""
        return self._dump([{"index": 0, "delta": delta, "finish_reason": finish}], None)

    def usage(self, counts: Mapping[str, object]) -> str:
        """Return the chunk after the answer, which has the usage and no choices."""
        return self._dump([], counts)

    def complete(self, text: str, reasoning: str, finish: str, counts: Mapping[str, object]) -> dict[str, object]:
        """Return the response to a request without a stream."""
        message = {"role": "assistant", "content": text}
        if reasoning:
            message["reasoning_content"] = reasoning
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return {**self._head("chat.completion"), "choices": [choice], "usage": counts}

    def _head(self, kind: str) -> dict[str, object]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": "fp_guide",
        }

    def _dump(self, choices: list[dict[str, object]], counts: Mapping[str, object] | None) -> str:
        data = {**self._head("chat.completion.chunk"), "choices": choices}
        if self.with_usage:
            data["usage"] = counts
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def usage(messages: Sequence[GuideMessage], content: int, reasoning: int) -> dict[str, object]:
    """Return the usage of an answer of so many tokens; as with OpenAI, a message costs four more than its text."""
    prompt = sum(len(tokenize(message.text)) + 4 for message in messages)
    completion = content + reasoning
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
