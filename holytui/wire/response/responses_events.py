"""Reader for the events and whole answers of the Responses API.

Only the type and the text of an event are needed: vLLM, llama.cpp and gateways leave out indexes, ids and events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from holytui.models import DeltaKind
from holytui.wire.kept_streams import is_stream_name
from holytui.wire.response.error_bodies import Object, as_list, as_object
from holytui.wire.response.event_numbers import EventNumbers, Place

_SEPARATOR = "\n\n"
"""Between two messages, or two parts of the reasoning, which the server sends without one."""
_TOOL_CALLS = ("function_call", "custom_tool_call")
_TOOL_CALL_DELTAS = ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")
_STATUS_OF = {
    "response.completed": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
    "response.cancelled": "cancelled",
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
    gap: bool = False
    """Events before this one are missing; it was not read."""


class ResponsesReader:
    """Read the events of one answer in order.

    Events that repeat text as a whole (`….done`, and the last event) add what their deltas lacked.
    """

    __slots__ = (
        *("_calls_tool", "_reasoning_field", "_texts", "_token_limit"),
        *("answer_id", "began", "cancelled", "numbers", "whole_content"),
    )

    def __init__(
        self,
        token_limit: int | None = None,
        numbers: EventNumbers | None = None,
        content_before: str = "",
        reasoning_before: str = "",
    ) -> None:
        """`token_limit`: tokens to which the request limits the answer.

        `content_before`, `reasoning_before`: texts of the same answer read from an earlier connection.
        """
        self._token_limit = token_limit
        self.began = False
        """An event or answer of this API was read; its stream has no `[DONE]`."""
        self.numbers = numbers or EventNumbers()
        self.answer_id = ""
        """Name of the answer at the server, if that generates it in the background."""
        self.cancelled = False
        """The answer was cancelled at the server, which has nothing more of it."""
        self.whole_content = ""
        """The content that the last event repeats."""
        self._texts = {
            DeltaKind.CONTENT: _ReceivedText(content_before),
            # new reasoning after content is another part
            DeltaKind.REASONING: _ReceivedText(reasoning_before, separates=bool(content_before)),
        }
        self._calls_tool = False
        self._reasoning_field = ""
        """`content` or `summary`: servers that send both would repeat themselves, so only the first is used."""

    @property
    def resumable(self) -> bool:
        """Another reader can go on after the last event with nothing but its number and the texts so far."""
        content, reasoning = self._texts[DeltaKind.CONTENT], self._texts[DeltaKind.REASONING]
        separated = bool(content.length and reasoning.length)
        return not content.separator_due and reasoning.separator_due == separated

    def read(self, payload: Object, event: str = "") -> ResponsesFacts:
        """Read an event, or a whole answer. `event` is the name of a server-sent event."""
        self.began = True
        is_whole = payload.get("object") == "response"
        kind = _type_of(payload, event) or str(payload.get("type"))
        answer = payload if is_whole else as_object(payload.get("response"))
        if is_stream_name(answer.get("id")) and answer.get("background") is not False:
            self.answer_id = str(answer["id"])
        if is_whole:
            return self._end(payload, "completed")
        mark = hash((kind, str(payload.get("delta")), str(payload.get("output_index"))))
        match self.numbers.place(payload.get("sequence_number"), mark):
            case Place.REPEATED:
                return _NOTHING
            case Place.AFTER_GAP:
                return ResponsesFacts(gap=True)
            case Place.NEXT:
                return self._event(kind, payload)

    def _event(self, kind: str, payload: Object) -> ResponsesFacts:
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
            whole = _SEPARATOR.join(filter(None, texts))
            self.whole_content = whole if kind is DeltaKind.CONTENT else ""
            if added := self._texts[kind].complete(whole):
                parts.append((kind, added))
        called = any(item.get("type") in _TOOL_CALLS for item in items)
        self._calls_tool = self._calls_tool or called
        status = default if default != "completed" else answer.get("status") or default
        if status == "failed":
            error = answer.get("error") or {}
            return ResponsesFacts(tuple(parts), called, usage=answer.get("usage"), error=error, ended=True)
        self.cancelled = status == "cancelled"
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

    def __init__(self, text: str = "", *, separates: bool = False) -> None:
        self._pieces = [text] if text else []
        self._length = len(text)
        self._part = (0, 0)
        """Where the current part begins: index of its first piece, and characters before it."""
        self._item = (0, 0)
        self._last = ""
        """The last whole part or item, which may be sent twice."""
        self._separates = separates

    @property
    def length(self) -> int:
        """Characters so far."""
        return self._length

    @property
    def separator_due(self) -> bool:
        """A separator precedes the next text."""
        return self._separates and self._length > 0

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
    if _type_of(payload, event) or payload.get("object") == "response":
        return True
    # a keep-alive, which has a number as well
    kind = payload.get("type")
    return isinstance(kind, str) and kind != "error" and isinstance(payload.get("sequence_number"), int)


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
