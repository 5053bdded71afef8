"""The routes of the guide's server: tokens, the list of models, and the chat."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from holytui.guide import faults
from holytui.guide.chat_api import ChatCall, Envelope, ErrorResponse, parse_chat
from holytui.guide.faults import FAULTS, PLAIN, FaultCounter, FaultPlan, ReplyEnd, RequestMode
from holytui.guide.reply import ReplySender, Script
from holytui.guide.request import parse_request
from holytui.guide.request_reader import HttpRequest
from holytui.guide.response_writer import ResponseWriter
from holytui.guide.streams import GuideStreams, StreamWriter
from holytui.guide.tokens import Tokens, TokenStatus
from holytui.i18n import _

if TYPE_CHECKING:
    from holytui.guide.answers import Guide

MODELS: tuple[str, ...] = (PLAIN, *FAULTS)
_ALLOWED = {"/v1/chat/completions": "POST", "/v1/models": "GET", "/v1/stream": "GET, DELETE"}


class GuideRouter:
    """Answers requests. Thread-safe."""

    __slots__ = (
        "_fault_counter",
        "_keys",
        "_pause",
        "_spawn",
        "_started",
        "_stopped",
        "_streams",
        "_tokens",
        "_vanish",
    )

    def __init__(
        self,
        keys: Mapping[str, str],
        tokens: Tokens,
        pause: Callable[[float], None],
        vanish: Callable[[], None],
        spawn: Callable[[Callable[[], None]], None],
        stopped: Callable[[], bool],
    ) -> None:
        """`spawn` runs a function that may pause on a thread of its own. `stopped`: whether the server stops."""
        self._keys = dict(keys)
        self._tokens = tokens
        self._pause = pause
        self._vanish = vanish
        self._spawn = spawn
        self._stopped = stopped
        self._fault_counter = FaultCounter()
        self._streams = GuideStreams()
        self._started = int(time.time())

    def respond(self, request: HttpRequest, writer: ResponseWriter) -> None:
        """Answer `request`. Raises OSError when the client closes the connection."""
        writer.keep_alive = request.keep_alive
        presented = _bearer(request)
        if self._tokens.check(presented) is TokenStatus.UNKNOWN:
            writer.error(_invalid_token())
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
                message = _("{method} is not allowed here").format(method=request.method[:20])
                writer.error(ErrorResponse(405, message, headers=allowed))
            case _:
                writer.error(ErrorResponse(404, _("No such address"), code="not_found"))

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

    def _chat(self, request: HttpRequest, presented: str, writer: ResponseWriter) -> None:
        call = parse_chat(request.body)
        if isinstance(call, ChatCall) and call.model not in MODELS:
            call = _unknown_model(call.model)
        if isinstance(call, ErrorResponse):
            writer.error(call)
            return
        if self._tokens.check(presented, call.model) is TokenStatus.EXPIRED:
            writer.error(faults.expired())
            return
        guide = self._guide()
        chat = parse_request(call.messages, guide.answer)
        if isinstance(chat, ErrorResponse):
            writer.error(chat)
            return
        key = faults.conversation_key(call.model, chat.question)
        plan = self._fault_counter.plan(key, call.model, chat.mode, len(chat.rest or ""))
        if plan.expires:
            self._tokens.expire(presented, call.model)
        if plan.error is not None:
            writer.error(plan.error)
            return
        envelope = Envelope(f"chatcmpl-{key}", int(time.time()), call.model, call.include_usage)
        apology = guide.apology(chat.question) if chat.mode is RequestMode.PREFILL else ""
        script = Script.compose(chat, plan, call.limit, apology)
        name = request.headers.get("x-conversation-id", "")
        if name and call.stream and plan.ending in (ReplyEnd.WHOLE, ReplyEnd.DETACH):
            self._send_kept(name, envelope, script, call, plan, key, writer)
            return
        if plan.ending is ReplyEnd.DETACH:
            plan = replace(plan, ending=ReplyEnd.RESET)
        reply = ReplySender(writer, envelope, script, self._pause, self._vanish)
        if call.stream:
            reply.stream(call, plan)
        else:
            # a response without a stream has no middle for a fault
            reply.complete(call)
        if not (plan.faulty and call.stream):
            self._fault_counter.done(key)

    def _send_kept(
        self,
        name: str,
        envelope: Envelope,
        script: Script,
        call: ChatCall,
        plan: FaultPlan,
        key: str,
        writer: ResponseWriter,
    ) -> None:
        """Generate the answer on a thread of its own, and send it as far as this connection lasts."""
        stream = self._streams.begin(name)
        reply = ReplySender(StreamWriter(stream, self._streams.clock), envelope, script, self._pause, self._vanish)

        def generate() -> None:
            try:
                reply.stream(call, plan)
                self._fault_counter.done(key)
            finally:
                stream.end(self._streams.clock())

        self._spawn(generate)
        stream.send(writer, 0, self._stopped, first=True)

    def _stream(self, request: HttpRequest, writer: ResponseWriter) -> None:
        """Send a kept stream from a byte on, or end it."""
        fields = dict(parse_qsl(request.query))
        name = fields.get("conv_id", "")
        if request.method == "DELETE":
            self._streams.remove(name)
            writer.json(200, {"deleted": True})
            return
        stream, start = self._streams.find(name), fields.get("from", "0")
        if stream is None:
            # llama.cpp's message, which clients recognise; so it is not translated
            writer.error(ErrorResponse(404, "Stream not found or expired", code="not_found"))
        elif not (start.isascii() and start.isdigit()) or len(start) > 12 or int(start) > stream.size:
            writer.error(ErrorResponse(400, "Stream offset lost", param="from"))
        else:
            stream.send(writer, int(start), self._stopped, first=False)

    def _guide(self) -> Guide:
        from holytui.guide.answers import Guide  # imported at the first question, not at the start

        return Guide(self._keys)


def _bearer(request: HttpRequest) -> str:
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _invalid_token() -> ErrorResponse:
    return ErrorResponse(401, _("The guide does not know this token"), "authentication_error", "invalid_api_key")


def _unknown_model(name: str) -> ErrorResponse:
    message = _("The guide has no model “{name}”").format(name=name[:60])
    return ErrorResponse(404, message, code="model_not_found", param="model")
