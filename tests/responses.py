"""Answers of the Responses API, event by event as its reference lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.servers import READ, Peer, Step, chunk, chunked_head, event, whole

Event = dict[str, Any]

USAGE = {
    "input_tokens": 11,
    "input_tokens_details": {"cached_tokens": 8},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 20,
}


@dataclass(frozen=True)
class Reply:
    """One answer: summaries of its reasoning and pieces of its text, and how it ends."""

    pieces: Sequence[str] = ()
    summaries: Sequence[str] = ()
    status: str = "completed"
    details: Event | None = None
    error: Event | None = None

    @property
    def output(self) -> list[Event]:
        """Its items, whole."""
        summary = [{"type": "summary_text", "text": text} for text in self.summaries]
        text = [{"type": "output_text", "annotations": [], "text": "".join(self.pieces)}]
        reasoning = {"id": "rs_1", "type": "reasoning", "summary": summary}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": text}
        return [*([reasoning] if summary else []), message]

    @property
    def whole(self) -> Event:
        """The answer as one object, as without streaming."""
        return {
            "id": "resp_1",
            "object": "response",
            "status": self.status,
            "error": self.error,
            "incomplete_details": self.details,
            "output": self.output,
            "usage": USAGE,
        }

    def events(self) -> list[Event]:
        """The events of its stream, numbered."""
        begun = {**self.whole, "status": "in_progress", "output": [], "usage": None, "error": None}
        out: list[Event] = [
            {"type": "response.created", "response": begun},
            {"type": "response.in_progress", "response": begun},
        ]
        if self.summaries:
            out += self._reasoning()
        out += self._message(len(self.output) - 1)
        out.append({"type": f"response.{self.status}", "response": self.whole})
        return numbered(out)

    def _reasoning(self) -> Iterable[Event]:
        place = {"item_id": "rs_1", "output_index": 0}
        item = self.output[0]
        yield {"type": "response.output_item.added", "output_index": 0, "item": {**item, "summary": []}}
        for number, part in enumerate(item["summary"]):
            here = {**place, "summary_index": number}
            yield {"type": "response.reasoning_summary_part.added", **here, "part": {**part, "text": ""}}
            for word in part["text"].partition(" "):
                yield {"type": "response.reasoning_summary_text.delta", **here, "delta": word, "obfuscation": "x9"}
            yield {"type": "response.reasoning_summary_text.done", **here, "text": part["text"]}
            yield {"type": "response.reasoning_summary_part.done", **here, "part": part}
        yield {"type": "response.output_item.done", "output_index": 0, "item": item}

    def _message(self, index: int) -> Iterable[Event]:
        item = self.output[index]
        (part,) = item["content"]
        here = {"item_id": "msg_1", "output_index": index, "content_index": 0}
        begun = {**item, "status": "in_progress", "content": []}
        yield {"type": "response.output_item.added", "output_index": index, "item": begun}
        yield {"type": "response.content_part.added", **here, "part": {**part, "text": ""}}
        for piece in self.pieces:
            yield {"type": "response.output_text.delta", **here, "delta": piece, "logprobs": []}
        yield {"type": "response.output_text.done", **here, "text": part["text"], "logprobs": []}
        yield {"type": "response.content_part.done", **here, "part": part}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}


def numbered(events: Iterable[Event]) -> list[Event]:
    """The events with their sequence numbers."""
    return [{**one, "sequence_number": number} for number, one in enumerate(events)]


def frames(events: Iterable[Event]) -> list[bytes]:
    """The events as a server sends them."""
    return [event(one, one["type"]) for one in events]


def streamed(*parts: bytes) -> list[bytes]:
    """A response in chunks, with its end."""
    return [chunked_head(), *map(chunk, parts), chunk(b"")]


def not_streamed(reply: Reply) -> bytes:
    """A whole JSON answer."""
    return whole("200 OK", reply.whole)


def refused(message: str, status: str = "400 Bad Request", **fields: object) -> bytes:
    """An error response of OpenAI."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None, **fields}
    return whole(status, {"error": error})


def request_of(peer: Peer) -> Event:
    """The last request on this connection, if it is one that the API accepts."""
    request = [one for one in peer.server.requests if one.connection == peer.number][-1]
    body: Event = request.json
    assert request.target == "/v1/responses"
    assert (body["stream"], body["store"]) == (True, False)
    assert not {"messages", "stream_options", "max_tokens", "reasoning_effort"} & set(body)
    for item in body["input"]:
        assert item["type"] == "message"
        allowed = {"output_text"} if item["role"] == "assistant" else {"input_text", "input_image"}
        assert {part["type"] for part in item["content"]} <= allowed
    assert body["input"][-1]["role"] == "user", "a text of the assistant at the end is not continued"
    return body


def reply_to(body: Event, text: str) -> str:
    """The answer `text`, or its rest if the request asks for that in words."""
    question: str = body["input"][-1]["content"][0]["text"]
    _, asks, quoted = question.rpartition("after them:\n")
    if not asks:
        return text
    partial: str = body["input"][-2]["content"][0]["text"]
    return quoted + text[len(partial.rstrip()) :] + "\n\n[END]"


def answering(text: str, change: Callable[[list[Event]], Iterable[Event]] = lambda events: events) -> list[Step]:
    """Read a request and answer with `text`, or its rest, in events changed by `change`; the connection goes on."""

    def send(peer: Peer) -> None:
        reply = reply_to(request_of(peer), text)
        pieces = [reply[at : at + 5] for at in range(0, len(reply), 5)]
        peer.sock.sendall(chunked_head())
        for frame in frames(change(Reply(pieces, ("Think first",)).events())):
            peer.sock.sendall(chunk(frame))

    return [READ, send]
