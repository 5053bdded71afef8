"""A guide without pauses on real loopback sockets, and a plain client for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from holytui.guide.server import GuideServer
from holytui.secret import Secret

Message = dict[str, str]


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def assistant(text: str) -> Message:
    return {"role": "assistant", "content": text}


@dataclass
class ReceivedResponse:
    """What came back on one request, up to its end or its break."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    broken: str = ""
    """The name of the exception that ended the body."""

    @property
    def data(self) -> list[str]:
        return [block[6:] for block in self.raw.decode(errors="replace").split("\n\n") if block.startswith("data: ")]

    @property
    def comments(self) -> int:
        return self.raw.decode().count("\n\n: ") + self.raw.startswith(b": ")

    @property
    def chunks(self) -> list[dict[str, Any]]:
        out = []
        for line in self.data:
            try:
                out.append(json.loads(line))
            except ValueError:
                continue
        return out

    @property
    def choices(self) -> list[dict[str, Any]]:
        return [choice for chunk in self.chunks for choice in chunk.get("choices") or []]

    def deltas(self, kind: str) -> list[str]:
        return [choice["delta"][kind] for choice in self.choices if kind in choice["delta"]]

    @property
    def text(self) -> str:
        return "".join(self.deltas("content"))

    @property
    def reasoning(self) -> str:
        return "".join(self.deltas("reasoning_content"))

    @property
    def finish(self) -> str | None:
        return next((choice["finish_reason"] for choice in self.choices if choice["finish_reason"]), None)

    @property
    def done(self) -> bool:
        return self.data[-1:] == ["[DONE]"]

    @property
    def error(self) -> dict[str, Any]:
        for value in (*self.chunks, *self._body()):
            if isinstance(found := value.get("error"), dict):
                return found
        return {}

    def _body(self) -> list[dict[str, Any]]:
        return [json.loads(self.raw)] if self.raw.startswith(b"{") else []


class Client:
    """Asks the server; one connection per question unless `http` is used directly."""

    def __init__(self, server: GuideServer) -> None:
        self.server = server
        self.http = httpx.Client(trust_env=False, verify=False, timeout=20)

    def ask(
        self,
        messages: Sequence[Message] | str,
        model: str = "guide",
        token: Secret | None = None,
        keep: str = "",
        **more: object,
    ) -> ReceivedResponse:
        """`keep`: the name under which the answer is to be kept."""
        if isinstance(messages, str):
            messages = [user(messages)]
        body = {"model": model, "messages": list(messages), "stream": True, **more}
        url = f"{self.server.endpoint_for(model)}/chat/completions"
        got = ReceivedResponse()
        headers = self.auth(token) | ({"X-Conversation-Id": keep} if keep else {})
        try:
            with self.http.stream("POST", url, json=body, headers=headers) as response:
                got.status = response.status_code
                got.headers = dict(response.headers)
                for piece in response.iter_raw():
                    got.raw += piece
        except httpx.TransportError as exc:
            got.broken = type(exc).__name__
        return got

    def auth(self, token: Secret | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {(token or self.server.token).reveal()}"}


@pytest.fixture
def server() -> Iterator[GuideServer]:
    made = GuideServer(pace=0)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(server: GuideServer) -> Iterator[Client]:
    made = Client(server)
    yield made
    made.http.close()
