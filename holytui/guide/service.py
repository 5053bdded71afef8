"""What the guide's server answers to each request: paths, tokens, models, and the chat itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from holytui.guide import faults
from holytui.guide.asked import understand
from holytui.guide.faults import FAULTS, PLAIN, Ending, Ledger, Mode, Plan
from holytui.guide.http11 import Request, Writer
from holytui.guide.kept_streams import KeptStreams, StreamWriter
from holytui.guide.protocol import ChatCall, Envelope, Refusal, parse_chat
from holytui.guide.reply import Reply, Script
from holytui.guide.tokens import Pass, Tokens
from holytui.i18n import _

if TYPE_CHECKING:
    from holytui.guide.answers import Guide

MODELS: tuple[str, ...] = (PLAIN, *FAULTS)
_CHAT, _MODELS, _STREAM = "/v1/chat/completions", "/v1/models", "/v1/stream"
_ALLOWED = {_CHAT: "POST", _MODELS: "GET", _STREAM: "GET, DELETE"}


class Service:
    """Answers requests; safe to use from several threads."""

    __slots__ = ("_keys", "_ledger", "_pause", "_spawn", "_started", "_stopped", "_streams", "_tokens", "_vanish")

    def __init__(
        self,
        keys: Mapping[str, str],
        tokens: Tokens,
        pause: Callable[[float], None],
        vanish: Callable[[], None],
        spawn: Callable[[Callable[[], None]], None],
        stopped: Callable[[], bool],
    ) -> None:
        """`spawn` runs a function that may pause on a thread of its own; `stopped`: the server ends."""
        self._keys = dict(keys)
        self._tokens = tokens
        self._pause = pause
        self._vanish = vanish
        self._spawn = spawn
        self._stopped = stopped
        self._ledger = Ledger()
        self._streams = KeptStreams()
        self._started = int(time.time())

    def respond(self, request: Request, writer: Writer) -> None:
        """Answer `request`. Raises OSError when the client leaves."""
        writer.keep_alive = request.keep_alive
        presented = _bearer(request)
        if self._tokens.check(presented) is Pass.UNKNOWN:
            writer.refuse(_wrong_token())
            return
        match request.method, request.path:
            case "GET", "/v1/models":
                writer.json(200, self._models())
            case "POST", "/v1/chat/completions":
                self._chat(request, presented, writer)
            case "GET" | "DELETE", "/v1/stream":
                self._stream(request, writer)
            case _, path if path in _ALLOWED:
                allowed = {"Allow": _ALLOWED[path]}
                words = _("{method} is not allowed here").format(method=request.method[:20])
                writer.refuse(Refusal(405, words, headers=allowed))
            case _:
                writer.refuse(Refusal(404, _("There is nothing at this address"), code="not_found"))

    def _models(self) -> dict[str, object]:
        rows = [
            {
                "id": name,
                "object": "model",
                "created": self._started,
                "owned_by": "holytui",
                "description": faults.describe(name),
            }
            for name in MODELS
        ]
        return {"object": "list", "data": rows}

    def _chat(self, request: Request, presented: str, writer: Writer) -> None:
        call = parse_chat(request.body)
        if isinstance(call, ChatCall) and call.model not in MODELS:
            call = _no_model(call.model)
        if isinstance(call, Refusal):
            writer.refuse(call)
            return
        if self._tokens.check(presented, call.model) is Pass.EXPIRED:
            writer.refuse(faults.expired())
            return
        guide = self._guide()
        asked = understand(call.turns, guide.answer)
        if isinstance(asked, Refusal):
            writer.refuse(asked)
            return
        key = faults.conversation_key(call.model, asked.question)
        plan = self._ledger.plan(key, call.model, asked.mode, len(asked.left or ""))
        if plan.expires:
            self._tokens.expire(presented, call.model)
        if plan.refusal is not None:
            writer.refuse(plan.refusal)
            return
        envelope = Envelope(f"chatcmpl-{key}", int(time.time()), call.model, call.include_usage)
        apology = guide.apology(asked.question) if asked.mode is Mode.PREFILL else ""
        script = Script.write(asked, plan, call.limit, apology)
        name = request.headers.get("x-conversation-id", "")
        if name and call.stream and plan.ending in (Ending.WHOLE, Ending.DETACH):
            self._reply_kept(name, envelope, script, call, plan, key, writer)
            return
        if plan.ending is Ending.DETACH:
            plan = replace(plan, ending=Ending.RESET)
        reply = Reply(writer, envelope, script, self._pause, self._vanish)
        if call.stream:
            reply.stream(call, plan)
        else:
            # a fault in the middle of an answer needs a middle
            reply.whole(call)
        if not (plan.faulty and call.stream):
            self._ledger.done(key)

    def _reply_kept(
        self, name: str, envelope: Envelope, script: Script, call: ChatCall, plan: Plan, key: str, writer: Writer
    ) -> None:
        """Generate the answer on a thread of its own, and send it as far as this connection lasts."""
        stream = self._streams.begin(name)
        reply = Reply(StreamWriter(stream, self._streams.clock), envelope, script, self._pause, self._vanish)

        def generate() -> None:
            try:
                reply.stream(call, plan)
                self._ledger.done(key)
            finally:
                stream.end(self._streams.clock())

        self._spawn(generate)
        stream.send(writer, 0, self._stopped, first=True)

    def _stream(self, request: Request, writer: Writer) -> None:
        """Read a kept stream from a byte on, or end it."""
        fields = dict(parse_qsl(request.query))
        name = fields.get("conv_id", "")
        if request.method == "DELETE":
            self._streams.remove(name)
            writer.json(200, {"deleted": True})
            return
        stream, start = self._streams.find(name), fields.get("from", "0")
        if stream is None:
            # llama.cpp's words, which clients know this answer by; so they are not translated
            writer.refuse(Refusal(404, "Stream not found or expired", code="not_found"))
        elif not (start.isascii() and start.isdigit()) or len(start) > 12 or int(start) > stream.size:
            writer.refuse(Refusal(400, "Stream offset lost", param="from"))
        else:
            stream.send(writer, int(start), self._stopped, first=False)

    def _guide(self) -> Guide:
        from holytui.guide.answers import Guide  # what it needs is imported at the first question, not at the start

        return Guide(self._keys)


def _bearer(request: Request) -> str:
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _wrong_token() -> Refusal:
    return Refusal(401, _("The guide does not know this token"), "authentication_error", "invalid_api_key")


def _no_model(name: str) -> Refusal:
    words = _("The guide has no model “{name}”").format(name=name[:60])
    return Refusal(404, words, code="model_not_found", param="model")
