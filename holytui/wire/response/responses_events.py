"""Reader for the events and whole answers of the Responses API.

Only the type and the text of an event are needed: vLLM, llama.cpp and gateways leave out indexes, ids and events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from holytui.models import DeltaKind
from holytui.wire.response.error_bodies import Object, as_list, as_object

_MAX_NUMBERS = 4096
"""Sequence numbers remembered; a repeated event is sent soon after the first."""
_SEPARATOR = "\n\n"
"""Between two messages, or two parts of the reasoning, which the server sends without one."""
_TOOL_CALLS = ("function_call", "custom_tool_call")
_TOOL_CALL_DELTAS = ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")
_STATUS_OF = {
    "response.completed": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
    "response.done": "completed",
}
"""Status of an answer whose last event does not name it."""
_REASONING_FIELDS = {
    "response.reasoning_text": "content",
    "response.reasoning": "content",
    "response.reasoning_summary_text": "summary",
    "response.reasoning_summary": "summary",
}
"""Field of the whole reasoning item that holds the same text as these events."""


@dataclass(frozen=True, slots=True)
class ResponsesFacts:
    """Contents of one event that matter to a chat."""

    parts: tuple[tuple[DeltaKind, str], ...] = ()
    calls_tool: bool = False
    finish_reason: str = ""
    """In the words of chat completions: `stop`, `length`, `content_filter`, `tool_calls`."""
    usage: object = None
    error: object = None
    """The error object, empty if the server gave no reason; None without an error."""
    ended: bool = False
    """Nothing follows. Without `finish_reason` and `error` the answer is not complete."""


class ResponsesReader:
    """Read the events of one answer in order.

    Events that repeat text as a whole (`….done`, and the last event) add what their deltas lacked.
    """

    __slots__ = ("_calls_tool", "_numbers", "_reasoning_field", "_texts", "_token_limit", "began")

    def __init__(self, token_limit: int | None = None) -> None:
        """`token_limit`: tokens to which the request limits the answer."""
        self._token_limit = token_limit
        self.began = False
        """An event or answer of this API was read; its stream has no `[DONE]`."""
        self._texts = {kind: _ReceivedText() for kind in DeltaKind}
        self._numbers: dict[int, int] = {}
        self._calls_tool = False
        self._reasoning_field = ""
        """`content` or `summary`: servers that send both would repeat themselves, so only the first is used."""

    def read(self, payload: Object, event: str = "") -> ResponsesFacts:
        """Read an event, or a whole answer. `event` is the name of a server-sent event."""
        self.began = True
        kind = _type_of(payload, event)
        if not kind:
            return self._end(payload, "completed")
        if self._is_repeated(kind, payload):
            return ResponsesFacts()
        name, _, action = kind.rpartition(".")
        if name in ("response.output_text", "response.refusal"):
            return self._text(DeltaKind.CONTENT, action, payload)
        if field := _REASONING_FIELDS.get(name):
            self._reasoning_field = self._reasoning_field or field
            return self._text(DeltaKind.REASONING, action, payload) if field == self._reasoning_field else _NOTHING
        if name == "response.reasoning_summary_part":
            self._texts[DeltaKind.REASONING].separate()
        if name == "response.output_item":
            return self._item(as_object(payload.get("item")), action)
        if kind in _TOOL_CALL_DELTAS:
            self._calls_tool = True
            return ResponsesFacts(calls_tool=True)
        if kind in _STATUS_OF:
            return self._end(as_object(payload.get("response")), _STATUS_OF[kind])
        return ResponsesFacts(error=payload["error"]) if payload.get("error") else _NOTHING

    def _is_repeated(self, kind: str, payload: Object) -> bool:
        """Whether an event with this number and content was read before.

        The number alone is no proof, as some gateways number all events alike or count anew for each item.
        """
        number = payload.get("sequence_number")
        if not isinstance(number, int):
            return False
        mark = hash((kind, str(payload.get("delta")), str(payload.get("output_index"))))
        if len(self._numbers) > 1 and self._numbers.get(number) == mark:
            return True
        self._numbers[number] = mark
        if len(self._numbers) > _MAX_NUMBERS:
            del self._numbers[next(iter(self._numbers))]
        return False

    def _text(self, kind: DeltaKind, action: str, payload: Object) -> ResponsesFacts:
        received = self._texts[kind]
        if action == "delta":
            return _facts(kind, received.add(_plain(payload.get("delta"))))
        if action != "done":
            return _NOTHING
        text = next((found for name in ("text", "refusal") if (found := _plain(payload.get(name)))), "")
        added = received.complete_part(text)
        if kind is DeltaKind.REASONING:
            received.separate()
        return _facts(kind, added)

    def _item(self, item: Object, action: str) -> ResponsesFacts:
        if item.get("type") in _TOOL_CALLS:
            self._calls_tool = True
            return ResponsesFacts(calls_tool=True)
        kind = _KIND_OF_ITEM.get(str(item.get("type")))
        if kind is None:
            return _NOTHING
        received = self._texts[kind]
        added = received.complete_item(self._text_of(item)) if action == "done" else ""
        received.begin_item()
        return _facts(kind, added)

    def _end(self, answer: Object, default: str) -> ResponsesFacts:
        """Facts of the whole answer, which the last event of a stream repeats."""
        items = [as_object(item) for item in as_list(answer.get("output"))]
        parts: list[tuple[DeltaKind, str]] = []
        for kind in (DeltaKind.REASONING, DeltaKind.CONTENT):
            texts = [self._text_of(item) for item in items if _KIND_OF_ITEM.get(str(item.get("type"))) is kind]
            if added := self._texts[kind].complete(_SEPARATOR.join(filter(None, texts))):
                parts.append((kind, added))
        called = any(item.get("type") in _TOOL_CALLS for item in items)
        self._calls_tool = self._calls_tool or called
        status = default if default != "completed" else answer.get("status") or default
        if status == "failed":
            error = answer.get("error") or {}
            return ResponsesFacts(tuple(parts), called, usage=answer.get("usage"), error=error, ended=True)
        reason = ""
        if status == "incomplete":
            named = as_object(answer.get("incomplete_details")).get("reason") or "incomplete"
            reason = "length" if named in ("max_output_tokens", "max_tokens") else str(named)
        elif status == "completed":
            reason = "tool_calls" if self._calls_tool else "length" if self._reached_limit(answer) else "stop"
        return ResponsesFacts(tuple(parts), called, reason, answer.get("usage"), ended=True)

    def _reached_limit(self, answer: Object) -> bool:
        """Whether the answer has as many tokens as it may: llama.cpp calls such an answer completed (b10434)."""
        tokens = as_object(answer.get("usage")).get("output_tokens")
        return self._token_limit is not None and isinstance(tokens, int) and tokens >= self._token_limit

    def _text_of(self, item: Object) -> str:
        """Return the text of a whole message or reasoning item."""
        if item.get("type") == "message":
            return "".join(map(_plain, as_list(item.get("content"))))
        fields = (self._reasoning_field,) if self._reasoning_field else ("content", "summary")
        texts = ([text for part in as_list(item.get(field)) if (text := _plain(part))] for field in fields)
        return _SEPARATOR.join(next(filter(None, texts), []))


class _ReceivedText:
    """Text of one kind received so far, compared with the whole texts that follow it."""

    __slots__ = ("_item", "_last", "_length", "_part", "_pieces", "_separates")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._part = (0, 0)
        """Where the current part begins: index of its first piece, and characters before it."""
        self._item = (0, 0)
        self._last = ""
        """The last whole part or item, which may be sent twice."""
        self._separates = False

    def add(self, text: str) -> str:
        """Add text; return it, with the separator if one is due."""
        if not text:
            return ""
        before = _SEPARATOR if self._separates and self._length else ""
        self._separates = False
        if before:
            at = self._end()
            self._append(before)
            self._part = self._end()
            self._item = self._end() if self._item == at else self._item
        self._append(text)
        return before + text

    def separate(self) -> None:
        """Put a separator before the next text."""
        self._separates = True

    def begin_item(self) -> None:
        """Begin a part and an item with the next text, which a separator precedes."""
        self._part = self._item = self._end()
        self._separates = True

    def complete_part(self, whole: str) -> str:
        """End a part; return what `whole` has in addition to the text received of it."""
        added = self._rest(whole, self._part)
        self._part = self._end()
        return added

    def complete_item(self, whole: str) -> str:
        """Return what `whole` has in addition to the text received of the current item."""
        return self._rest(whole, self._item)

    def complete(self, whole: str) -> str:
        """Return what `whole` has in addition to all text received."""
        return self._rest(whole, (0, 0))

    def _rest(self, whole: str, start: tuple[int, int]) -> str:
        index, before = start
        # The length first, so that the work is bounded by the size of the event.
        missing = len(whole) > self._length - before and whole != self._last
        self._last = whole or self._last
        if not missing:
            return ""
        received = "".join(self._pieces[index:])
        if not whole.startswith(received):
            return ""
        if received:
            self._separates = False
        return self.add(whole[len(received) :])

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def _end(self) -> tuple[int, int]:
        return len(self._pieces), self._length


_NOTHING = ResponsesFacts()
_KIND_OF_ITEM = {"message": DeltaKind.CONTENT, "reasoning": DeltaKind.REASONING}


def is_responses_payload(payload: Object, event: str = "") -> bool:
    """Whether `payload` is an event or a whole answer of the Responses API, rather than of chat completions."""
    if "choices" in payload:
        return False
    return bool(_type_of(payload, event)) or payload.get("object") == "response"


def _type_of(payload: Object, event: str) -> str:
    """Return the type of an event; empty for a whole answer and for events of other APIs."""
    names: Iterator[object] = iter((payload.get("type"), event))
    return next((name for name in names if isinstance(name, str) and name.startswith("response.")), "")


def _facts(kind: DeltaKind, text: str) -> ResponsesFacts:
    return ResponsesFacts(((kind, text),)) if text else _NOTHING


def _plain(value: object) -> str:
    """Return the text of a string or of a part."""
    match value:
        case str():
            return value
        case {"text": str(text)} | {"refusal": str(text)}:
            return text
        case _:
            return ""
