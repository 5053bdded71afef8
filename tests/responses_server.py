"""A server of the Responses API in background mode, after the published list of its events.

with ResponsesServer(Answer("Hello"), [Send(before="response.completed")]) as server:   # the first connection is cut
    ...                                                                   # there, all further ones send the whole rest
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.responses import USAGE, Event, numbered
from tests.servers import Peer, Received, ScriptedServer, chunk, chunked_head, event, whole

NOT_FOUND = {"error": {"message": "Response with id 'resp_1' not found.", "type": "invalid_request_error"}}
UNREADABLE = {"error": {"message": "Streaming this response is not supported.", "type": "invalid_request_error"}}

IGNORED = (
    *("code_interpreter_call.in_progress", "code_interpreter_call.interpreting", "code_interpreter_call.completed"),
    *("code_interpreter_call_code.delta", "code_interpreter_call_code.done", "mcp_list_tools.in_progress"),
    *("file_search_call.in_progress", "file_search_call.searching", "file_search_call.completed"),
    *("image_generation_call.in_progress", "image_generation_call.generating", "image_generation_call.partial_image"),
    *("image_generation_call.completed", "mcp_call.in_progress", "mcp_call_arguments.delta", "mcp_call_arguments.done"),
    *("mcp_call.completed", "mcp_call.failed", "mcp_list_tools.completed", "mcp_list_tools.failed"),
    *("audio.delta", "audio.done", "audio.transcript.delta", "audio.transcript.done"),
)
"""Published events that a chat does not need, without the prefix `response.`."""


@dataclass(frozen=True)
class Answer:
    """An answer with reasoning, a web search, a text with a citation, and a refusal."""

    text: str
    summaries: Sequence[str] = ("Think first", "Then write")
    refusal: str = ""
    size: int = 5
    """Characters of one delta."""
    last: str = "response.completed"
    fields: Event = field(default_factory=dict)
    """Further fields of the response in the last event."""

    @property
    def output(self) -> list[Event]:
        """Its items, whole."""
        summary = [{"type": "summary_text", "text": text} for text in self.summaries]
        parts = [{"type": "output_text", "annotations": [], "text": self.text}]
        parts += [{"type": "refusal", "refusal": self.refusal}] if self.refusal else []
        message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": parts}
        search = {"id": "ws_1", "type": "web_search_call", "status": "completed"}
        return [{"id": "rs_1", "type": "reasoning", "summary": summary}, search, message]

    def whole(self, status: str, answer_id: str = "resp_1") -> Event:
        """The answer as one object."""
        done = status not in ("queued", "in_progress")
        return {
            "id": answer_id,
            "object": "response",
            "status": status,
            "background": True,
            "error": None,
            "incomplete_details": None,
            "output": self.output if done else [],
            "usage": USAGE if done else None,
            **(self.fields if done else {}),
        }

    def events(self) -> list[Event]:
        """Its events, numbered."""
        out: list[Event] = [
            {"type": "response.created", "response": self.whole("queued")},
            {"type": "response.queued", "response": self.whole("queued")},
            {"type": "response.in_progress", "response": self.whole("in_progress")},
            {"type": "keepalive"},
        ]
        out += [*self._reasoning(), *self._search(), *self._message()]
        return numbered([*out, {"type": self.last, "response": self.whole(self.last.rpartition(".")[2])}])

    def _reasoning(self) -> list[Event]:
        item = self.output[0]
        out: list[Event] = [{"type": "response.output_item.added", "output_index": 0, "item": item | {"summary": []}}]
        for index, part in enumerate(item["summary"]):
            here = {"item_id": "rs_1", "output_index": 0, "summary_index": index}
            out.append({"type": "response.reasoning_summary_part.added", **here, "part": part | {"text": ""}})
            out += [
                {"type": "response.reasoning_summary_text.delta", **here, "delta": piece, "obfuscation": "x"}
                for piece in self._pieces(part["text"])
            ]
            out.append({"type": "response.reasoning_summary_text.done", **here, "text": part["text"]})
            out.append({"type": "response.reasoning_summary_part.done", **here, "part": part})
        return [*out, {"type": "response.output_item.done", "output_index": 0, "item": item}]

    def _search(self) -> list[Event]:
        item, here = self.output[1], {"item_id": "ws_1", "output_index": 1}
        steps = [{"type": f"response.web_search_call.{step}", **here} for step in ("in_progress", "searching")]
        begun = item | {"status": "in_progress"}
        return [
            {"type": "response.output_item.added", "output_index": 1, "item": begun},
            *steps,
            {"type": "response.web_search_call.completed", **here},
            {"type": "response.output_item.done", "output_index": 1, "item": item},
        ]

    def _message(self) -> list[Event]:
        item = self.output[2]
        out: list[Event] = [{"type": "response.output_item.added", "output_index": 2, "item": item | {"content": []}}]
        for index, part in enumerate(item["content"]):
            kind = part["type"]
            name = "text" if kind == "output_text" else "refusal"
            here = {"item_id": "msg_1", "output_index": 2, "content_index": index}
            out.append({"type": "response.content_part.added", **here, "part": part | {name: ""}})
            out += [{"type": f"response.{kind}.delta", **here, "delta": piece} for piece in self._pieces(part[name])]
            if kind == "output_text":
                citation = {"type": "url_citation", "url": "https://example.org"}
                out.append({"type": "response.output_text.annotation.added", **here, "annotation": citation})
            out.append({"type": f"response.{kind}.done", **here, name: part[name]})
            out.append({"type": "response.content_part.done", **here, "part": part})
        return [*out, {"type": "response.output_item.done", "output_index": 2, "item": item}]

    def _pieces(self, text: str) -> list[str]:
        return [text[at : at + self.size] for at in range(0, len(text), self.size)]


@dataclass(frozen=True)
class Send:
    """What one connection with events does."""

    before: str = ""
    """Cut it before the first event of this type that it would send; empty: not at all."""
    half: bool = False
    """Cut within that event."""
    change: Callable[[list[Event]], list[Event]] = list
    """Changes its events."""
    reset: bool = False
    hold: bool = False
    """Stay open instead of cutting."""


class ResponsesServer(ScriptedServer):
    """Answers every question with `answer`; connections with events do as `plan` says, and later ones send all."""

    def __init__(self, answer: Answer, plan: Sequence[Send] = ()) -> None:
        self.answer = answer
        self.plan = list(plan)
        self.finished = True
        """Whether an answer fetched as one object is complete, or still in progress."""
        self.refusal = b""
        """The response to every GET instead."""
        self.refuses_streams = False
        """Answers can be fetched as one object only."""
        self.whole_text: str | None = None
        """Another text of the answer as one object."""
        self.cancelled = threading.Event()
        self.cancel_response = whole("200 OK", answer.whole("cancelled"))
        super().__init__([self._serve_peer])

    @property
    def calls(self) -> list[str]:
        """The requests so far: `POST`, `GET 17` (events after that number), `GET` (one object), `cancel`."""
        return [_call_of(request) for request in self.requests]

    def _serve_peer(self, peer: Peer) -> None:
        while peer.read():
            request = [one for one in self.requests if one.connection == peer.number][-1]
            if not self._respond(peer, _call_of(request), request):
                return

    def _respond(self, peer: Peer, call: str, request: Received) -> bool:
        """Whether the connection stays open."""
        if call == "POST":
            _check(request.json)
            return self._send(peer, self.answer.events())
        if call == "cancel":
            self.cancelled.set()
            peer.sock.sendall(self.cancel_response)
        elif self.refusal:
            peer.sock.sendall(self.refusal)
        elif call == "GET":
            answer = self.answer if self.whole_text is None else replace(self.answer, text=self.whole_text)
            peer.sock.sendall(whole("200 OK", answer.whole("completed" if self.finished else "in_progress")))
        elif self.refuses_streams:
            peer.sock.sendall(whole("400 Bad Request", UNREADABLE))
        else:
            after = int(call.split()[1])
            return self._send(peer, [one for one in self.answer.events() if one["sequence_number"] > after])
        return True

    def _send(self, peer: Peer, events: list[Event]) -> bool:
        how = self.plan.pop(0) if self.plan else Send()
        peer.sock.sendall(chunked_head())
        for one in how.change(events):
            data = event(one, one["type"])
            if one["type"] == how.before:
                if how.half:
                    peer.sock.sendall(chunk(data[: len(data) // 2]))
                if how.hold:
                    peer.stall()
                if how.reset:
                    peer.reset()
                return False
            peer.sock.sendall(chunk(data))
        peer.sock.sendall(chunk(b""))
        return True


def _call_of(request: Received) -> str:
    parts = urlsplit(request.target)
    if request.method == "POST":
        return "cancel" if parts.path == "/v1/responses/resp_1/cancel" else "POST"
    assert parts.path == "/v1/responses/resp_1", parts.path
    query = parse_qs(parts.query)
    if not query:
        return "GET"
    assert query["stream"] == ["true"]
    return f"GET {query['starting_after'][0]}"


def _check(body: dict[str, Any]) -> None:
    assert (body["background"], body["store"], body["stream"]) == (True, True, True)
