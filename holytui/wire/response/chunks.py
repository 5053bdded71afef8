"""Parser for the payloads of a streamed answer, with the variations of known servers.

Either API may arrive on either path: gateways that translate between them send the events of the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.models import DeltaKind, Usage
from holytui.text import Sanitizer
from holytui.wire.events import GAP, End, Piece, UsageSeen, Verdict
from holytui.wire.response.error_bodies import (
    Object,
    as_list,
    as_object,
    body_fault,
    clean,
    error_fault,
    find_error,
    parse_json,
)
from holytui.wire.response.responses_events import ResponsesReader, is_responses_payload
from holytui.wire.response.sse import SSEEvent, UnfinishedEvent

_DONE = "[DONE]"


class ChunkReader:
    """Read the events of one attempt in order and collect the facts that decide its verdict."""

    __slots__ = (
        *("_has_text", "_responses", "_safe", "_usage"),
        *("done", "fault", "finish_reason", "garbled", "progress", "tool_calls"),
    )

    def __init__(self, responses: ResponsesReader | None = None, *, has_text: bool = False) -> None:
        """`responses`: reads the events of that API. `has_text`: text of the same stream was read before."""
        self._safe = {kind: Sanitizer() for kind in DeltaKind}
        self._usage: Usage | None = None
        self._has_text = has_text
        self._responses = responses or ResponsesReader()
        self.finish_reason = ""
        """The last one reported, as sent by the server."""
        self.done = False
        """`[DONE]` or the last event of a Responses stream was seen; later events are ignored."""
        self.fault: Fault | None = None
        """The first error that the server reported in the stream."""
        self.garbled: Fault | None = None
        """The first payload that was not a JSON object."""
        self.tool_calls = False
        self.progress = 0
        """Count of pieces of text and of tool calls; comments and empty deltas do not count."""

    @property
    def complete(self) -> bool:
        """`[DONE]` or a finish_reason was seen, and no error.

        After events of the Responses API `[DONE]` proves nothing: a gateway adds it to a stream that broke off.
        """
        return self.fault is None and (bool(self.finish_reason) or (self.done and not self._responses.began))

    @property
    def idle(self) -> bool:
        """No text is held back."""
        return all(safe.idle for safe in self._safe.values()) and self._responses.resumable

    def read(self, event: SSEEvent) -> list[Piece | UsageSeen]:
        """Parse one event."""
        data = event.data.strip()
        if self.done or not data:
            return []
        if data.startswith(_DONE):
            self.done = True
            return []
        payload = parse_json(data)
        if event.event == "error":
            self._fail(error_fault(find_error(as_object(payload)) or payload or data))
            return []
        found: list[Piece | UsageSeen] = []
        for item in payload if isinstance(payload, list) else [payload]:
            if isinstance(item, dict):
                found += self._payload(item, event.event)
            else:
                self.garbled = self.garbled or Fault(FaultKind.GARBLED, clean(data, 200))
        return found

    def read_rest(self, remainder: UnfinishedEvent) -> list[Piece | UsageSeen]:
        """Parse the usable part of an event that the stream did not end.

        Whole lines are used. Half a line is used if it is `[DONE]` or parses: a truncated JSON object never parses.
        """
        field, _, value = remainder.partial_line.partition(b":")
        last = value.decode(errors="replace").strip() if field == b"data" else ""
        for data in (last if remainder.data is None else f"{remainder.data}\n{last}", remainder.data or ""):
            whole = data.strip().startswith(_DONE) or isinstance(parse_json(data), dict)
            if whole or (remainder.event == "error" and data == remainder.data):
                return self.read(SSEEvent(remainder.event, data))
        return []

    def read_body(self, body: bytes) -> list[Piece | UsageSeen]:
        """Parse a whole answer in one JSON object, from a server that does not stream; set `fault` if it is not one."""
        payload = parse_json(body)
        if isinstance(payload, list) and payload:
            payload = payload[0]
        if payload is None and body.lstrip()[:1] in (b"{", b"["):  # half an object
            self.garbled = Fault(FaultKind.GARBLED, clean(body[:1000].decode(errors="replace"), 200))
            return []
        known = isinstance(payload, dict) and ("choices" in payload or find_error(payload))
        if not isinstance(payload, dict) or not (known or is_responses_payload(payload)):
            self._fail(body_fault(body, FaultKind.NOT_A_STREAM))
            return []
        found = self._payload(payload)
        self.done = True
        return found + self.close()

    def close(self) -> list[Piece | UsageSeen]:
        """Return text that was held back at a split character."""
        return [Piece(kind, text) for kind, safe in self._safe.items() if (text := safe.close())]

    def verdict(self, transport_fault: Fault | None = None, total_bytes: int = 0, status: int | None = None) -> End:
        """Return the end of the attempt. `transport_fault` is the connection's error; None for a clean end of file.

        A reported error comes first. Otherwise `[DONE]` or a finish_reason means complete, even if the connection broke
        afterwards. Otherwise the answer is cut, even after a clean end of file.
        """
        if self.fault is not None:
            return self._end(Verdict.FAULT, self.fault, total_bytes, status)
        if self.complete:
            return self._end(Verdict.COMPLETE, None, total_bytes, status)
        if transport_fault is None or transport_fault.kind is FaultKind.CLOSED:
            transport_fault = self.garbled or transport_fault or Fault(FaultKind.CLOSED)
        return self._end(Verdict.CUT, transport_fault, total_bytes, status)

    def _end(self, verdict: Verdict, fault: Fault | None, total_bytes: int, status: int | None) -> End:
        return End(verdict, fault, self.finish_reason, total_bytes, status, self.tool_calls)

    def _fail(self, fault: Fault) -> None:
        self.fault = self.fault or fault

    def _payload(self, payload: Object, event: str = "") -> list[Piece | UsageSeen]:
        if is_responses_payload(payload, event):
            return self._responses_event(payload, event)
        if error := find_error(payload):
            self._fail(error_fault(error))
        found: list[Piece | UsageSeen] = []
        choices = as_list(payload.get("choices"))
        for choice in map(as_object, choices):
            if not choice.get("index"):  # only one answer was requested; others are ignored
                found += self._choice(choice)
        usage = payload.get("usage") or as_object(payload.get("x_groq")).get("usage")
        # Moonshot reports it inside the choice.
        usage = usage or next((u for c in choices if (u := as_object(c).get("usage"))), None)
        return found + self._new_usage(usage)

    def _responses_event(self, payload: Object, event: str) -> list[Piece | UsageSeen]:
        facts = self._responses.read(payload, event)
        if facts.gap:
            self.fault = Fault(FaultKind.GARBLED, _("a part of the answer is missing"), code=GAP)
            self.done = True
            return []
        if facts.error is not None:
            self._fail(error_fault(facts.error))
        if facts.calls_tool:
            self.tool_calls = True
            self.progress += 1
        self.finish_reason = clean(facts.finish_reason, 64) or self.finish_reason
        self.done = self.done or facts.ended
        return [*self._pieces(facts.parts), *self._new_usage(facts.usage)]

    def _new_usage(self, reported: object) -> list[UsageSeen]:
        figures = _usage(as_object(reported))
        if figures is None or figures == self._usage:
            return []
        self._usage = figures
        return [UsageSeen(figures)]

    def _choice(self, choice: Object) -> list[Piece]:
        delta = as_object(choice.get("delta"))
        if not delta and not self._has_text:
            # A whole message instead of a delta; after deltas it would repeat their text.
            delta = as_object(choice.get("message"))
        parts = _parts(delta)
        if not delta and isinstance(choice.get("text"), str):  # the older completions API
            parts = [(DeltaKind.CONTENT, str(choice["text"]))]
        if delta.get("tool_calls") or delta.get("function_call"):
            self.tool_calls = True
            self.progress += 1
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self.finish_reason = clean(reason, 64)
            self.tool_calls = self.tool_calls or reason in ("tool_calls", "function_call")
            if reason == "error":
                self._fail(error_fault(choice))
        return self._pieces(parts)

    def _pieces(self, parts: Iterable[tuple[DeltaKind, str]]) -> list[Piece]:
        pieces = [Piece(kind, safe) for kind, text in parts if (safe := self._safe[kind].feed(text))]
        self._has_text = self._has_text or bool(pieces)
        self.progress += len(pieces)
        return pieces


@dataclass(frozen=True, slots=True)
class _FieldNames:
    """Names under which servers report one figure of the usage."""

    own: tuple[str, ...]
    details: tuple[str, ...] = ()
    detail: str = ""


_INPUT = _FieldNames(("prompt_tokens", "input_tokens"))
_OUTPUT = _FieldNames(("completion_tokens", "output_tokens"))
_CACHED = _FieldNames(
    ("prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"),
    ("prompt_tokens_details", "input_tokens_details"),
    "cached_tokens",
)
_REASONING = _FieldNames(
    ("reasoning_tokens",), ("completion_tokens_details", "output_tokens_details"), "reasoning_tokens"
)


_CACHE_WRITTEN = _FieldNames(
    ("cache_write_tokens", "cache_creation_input_tokens"),
    ("prompt_tokens_details", "input_tokens_details"),
    "cache_write_tokens",
)
_HIGHEST_COST = 1e9


def _usage(reported: Object) -> Usage | None:
    if not any(name in reported for name in chain(_INPUT.own, _OUTPUT.own)):
        return None
    return Usage(
        *(_figure(reported, _INPUT), _figure(reported, _OUTPUT), _figure(reported, _CACHED)),
        *(_figure(reported, _REASONING), _figure(reported, _CACHE_WRITTEN), _cost(reported)),
    )


def _cost(reported: Object) -> float | None:
    """Return the cost that the provider reports, as OpenRouter (`cost`) and Perplexity (`cost.total_cost`) do.

    With a key of one's own at OpenRouter, `cost` is its fee alone, and `cost_details` has what the provider behind it
    charges.
    """
    cost = reported.get("cost")
    total = _amount(as_object(cost).get("total_cost") if isinstance(cost, dict) else cost)
    if total is not None and reported.get("is_byok") is True:
        total += _amount(as_object(reported.get("cost_details")).get("upstream_inference_cost")) or 0.0
    return total


def _amount(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _HIGHEST_COST:
        return None
    return float(value)


def _figure(reported: Object, names: _FieldNames) -> int:
    values = chain(
        (as_object(reported.get(group)).get(names.detail) for group in names.details),
        (reported.get(n) for n in names.own),
    )
    return next((max(0, int(v)) for v in values if isinstance(v, int | float) and v == v and abs(v) < 1e15), 0)


def _parts(delta: Object) -> list[tuple[DeltaKind, str]]:
    """Return the texts of a delta: reasoning, then content, then a refusal, which is shown as content."""
    parts: list[tuple[DeltaKind, str]] = []
    # Servers that send the reasoning under several names repeat the same text: only the first is used.
    for name in ("reasoning_content", "reasoning", "reasoning_details", "thinking"):
        if text := _plain(delta.get(name)):
            parts.append((DeltaKind.REASONING, text))
            break
    content = delta.get("content")
    if isinstance(content, list):
        for part in content:
            item = as_object(part)
            if thinking := item.get("thinking") or item.get("reasoning"):
                parts.append((DeltaKind.REASONING, _plain(thinking)))
            else:
                parts.append((DeltaKind.CONTENT, _plain(part)))
    else:
        parts.append((DeltaKind.CONTENT, _plain(content)))
    parts.append((DeltaKind.CONTENT, _plain(delta.get("refusal"))))
    return [part for part in parts if part[1]]


def _plain(value: object) -> str:
    """Return the text of a string, of a part (`text`, `summary`, `content`), or of a list of these."""
    match value:
        case str():
            return value
        case {"text": str(text)} | {"summary": str(text)} | {"content": str(text)} | {"refusal": str(text)}:
            return text
        case list():
            return "".join(_plain(item) for item in value if not isinstance(item, list))
        case _:
            return ""
