"""Thread of one attempt: sends the request, reads the response, and puts events into the channel."""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holytui import __version__
from holytui.config.schema import Api
from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.models import StreamKind
from holytui.secret import Secret
from holytui.wire.events import Accepted, End, Received, Verdict, WireEvent
from holytui.wire.kept_streams import read_call
from holytui.wire.request import STREAM_ID_HEADER, ChatRequest, Endpoint, StreamOption, Timeouts
from holytui.wire.response.body import AnswerBody
from holytui.wire.response.error_bodies import clean
from holytui.wire.response.error_status import MAX_BODY, status_fault
from holytui.wire.responses_request import responses_body, token_limit
from holytui.wire.transport.addresses import is_insecure
from holytui.wire.transport.certificates import CannotSend
from holytui.wire.transport.connections import CancellableConnection, ConnectionPool
from holytui.wire.transport.decompress import Decompressor, UnknownEncoding
from holytui.wire.transport.event_channel import EventChannel
from holytui.wire.transport.exceptions import map_exception
from holytui.wire.transport.read_throttle import ReadThrottle
from holytui.wire.transport.sent_options import SentOptions

if TYPE_CHECKING:
    import httpx

_RECEIVED_INTERVAL = 0.1  # seconds between two `Received` events
_TAIL_SECONDS = 3.0  # for the usage and `[DONE]` after a finish_reason, or for an error body
_DRAIN_SECONDS = 1.0  # for the end of a body after `[DONE]`, so that the connection can be reused
_MAX_DRAIN_BYTES = 64 * 1024
_WRITE_TIMEOUT = 30.0  # seconds without progress while sending
_NO_MEMORY = End(Verdict.FAULT, Fault(FaultKind.INTERNAL, "MemoryError"))
"""Created in advance, as it cannot be created once memory is exhausted."""
_HEADER_SAFE = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class AttemptSpec:
    """Input of one attempt."""

    endpoint: Endpoint
    key: Secret | None
    request: ChatRequest
    timeouts: Timeouts


class AttemptThread:
    """Body of the attempt's thread (`run`). `cancel` is thread-safe."""

    def __init__(
        self,
        spec: AttemptSpec,
        connections: ConnectionPool,
        box: EventChannel,
        refused_options: set[str],
        clock: Callable[[], float],
    ) -> None:
        self._spec = spec
        self._pool = connections
        self._channel = box
        self._refused_options = refused_options
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: CancellableConnection | None = None
        self._cancelled = False
        self._status: int | None = None
        self._total = 0
        self._published_at = float("-inf")
        self._has_default_end = False

    def run(self) -> None:
        """Run the attempt. Always puts an `End` into the channel; raises nothing."""
        try:
            end = self._attempt()
        except CannotSend as exc:
            end = self._failed(exc.fault)
        except MemoryError:
            end = _NO_MEMORY
        except Exception as exc:  # noqa: BLE001 - the reader must get an `End` for any error
            end = self._failed(map_exception(exc, connected=self._channel.connected, reused=self._is_reused()))
        try:
            self._release()  # first, so that the next attempt can reuse the connection
        finally:
            self._channel.finish(end)

    def cancel(self) -> None:
        """Shut down the connection in any state."""
        with self._lock:
            self._cancelled = True
            if self._connection is not None:
                self._connection.cancel()

    def _attempt(self) -> End:
        spec = self._spec
        headers = request_headers(spec.endpoint, spec.key)
        connection = self._acquire_connection()
        sent = SentOptions(spec.endpoint, spec.request, self._refused_options)
        while True:
            response = self._send(connection, headers, sent)
            try:
                self._status = response.status_code
                if response.is_success:
                    self._refused_options.update(sent.refusals)
                    return self._read_answer(response, sent.left_out)
                body = self._read_error_body(response)
            finally:
                response.close()
            if not sent.drop_refused(response.status_code, body):
                return self._failed(status_fault(response.status_code, response.headers, body))
            self._status = None
            self._channel.set_default_end(None)

    def _acquire_connection(self) -> CancellableConnection:
        connection = self._pool.acquire(self._spec.endpoint)
        with self._lock:
            self._connection = connection
            if self._cancelled:
                connection.cancel()
        return connection

    def _release(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.release(connection)

    def _is_reused(self) -> bool:
        return self._connection is not None and not self._connection.is_new and self._status is None

    def _send(self, connection: CancellableConnection, headers: dict[str, str], sent: SentOptions) -> httpx.Response:
        import httpx

        times = self._spec.timeouts
        # The reader's deadlines are shorter; this one ends the thread if nobody reads.
        patience = httpx.Timeout(connect=times.connect, read=times.idle + 5.0, write=_WRITE_TIMEOUT, pool=times.connect)
        chat, traced = self._spec.request, {"trace": connection.trace}
        if chat.reattach is not None:
            call = read_call(self._spec.endpoint, chat.reattach)
            request = connection.client.build_request(
                call.method,
                call.url,
                headers=headers,
                timeout=patience,
                extensions=traced,
            )
        else:
            request = connection.client.build_request(
                "POST",
                self._spec.endpoint.url,
                headers={**headers, STREAM_ID_HEADER: chat.stream_id} if chat.stream_id else headers,
                content=request_body(chat.with_optional(sent.params), sent.options, self._spec.endpoint.api),
                timeout=patience,
                extensions=traced,
            )
        connection.begin_request(self._channel.mark_sending, self._channel.mark_sent)
        if self._pool.has_custom_transport:
            self._channel.mark_sending()
            self._channel.mark_sent()
        if self._channel.closed:
            raise CannotSend(Fault(FaultKind.CLOSED))  # cancelled before anything was sent
        return connection.client.send(request, stream=True)

    def _read_error_body(self, response: httpx.Response) -> bytes:
        """Return the beginning of an error body; may be empty."""
        import httpx

        self._channel.mark_sent()
        status = response.status_code
        self._publish([])
        self._channel.set_default_end(self._failed(status_fault(status, response.headers, b"")), _TAIL_SECONDS)
        body = bytearray()
        try:
            for block in self._blocks(response):
                body += block
                if len(body) >= MAX_BODY:
                    break
        except (httpx.HTTPError, zlib.error):
            pass  # the status is known, and the part of the body so far is used
        return bytes(body[:MAX_BODY])

    def _read_answer(self, response: httpx.Response, left_out: tuple[str, ...]) -> End:
        import httpx

        self._channel.mark_sent()
        chat = self._spec.request
        body = AnswerBody(
            response.headers.get("content-type", ""),
            self._spec.timeouts.answer_bytes,
            token_limit(chat),
            kept=_kept_kind(chat),
            reattach=chat.reattach,
        )
        keeps = response.headers.get("server", "").lower().startswith("llama.cpp")
        self._publish([Accepted(response.status_code, keeps, left_out)])
        blocks = self._blocks(response)
        transport_fault: Fault | None = None
        throttle = ReadThrottle()
        try:
            for block in blocks:
                self._feed(body, block)
                if body.finished or self._channel.closed:
                    break
                if pause := throttle.pause():
                    self._channel.pause(pause)
        except httpx.HTTPError as exc:
            transport_fault = map_exception(exc)
        except UnknownEncoding as exc:
            transport_fault = Fault(FaultKind.ENCODED, clean(str(exc), 60))
        except zlib.error as exc:
            transport_fault = Fault(FaultKind.GARBLED, clean(str(exc)))
        self._publish(body.close())
        end = body.verdict(transport_fault, self._total, response.status_code)
        self._channel.finish(end)
        if body.reader.done and transport_fault is None:
            self._drain(blocks)
        return end

    def _feed(self, body: AnswerBody, block: bytes) -> None:
        before = body.reader.progress
        found = body.feed(block)
        self._publish(found, token=body.reader.progress > before)
        if body.verdict_known and not body.finished and (found or not self._has_default_end):
            self._has_default_end = True
            self._channel.set_default_end(body.verdict(None, self._total, self._status or 0), _TAIL_SECONDS)

    def _blocks(self, response: httpx.Response) -> Iterator[bytes]:
        """Yield the decompressed body. Raises httpx.HTTPError and zlib.error."""
        decompressor = Decompressor(response.headers.get("content-encoding", ""))
        try:
            # A custom transport may return a response whose body was read already.
            for raw in [response.content] if response.is_stream_consumed else response.iter_raw():
                self._total += len(raw)
                yield from decompressor.feed(raw)
        except http_error_class():
            if remainder := decompressor.remainder():
                yield remainder
            raise
        if remainder := decompressor.close():
            yield remainder

    def _drain(self, blocks: Iterator[bytes]) -> None:
        """Read the rest of a body whose answer is complete, so that the connection can be reused."""
        import httpx

        timer = threading.Timer(_DRAIN_SECONDS, self.cancel)
        timer.daemon = True
        timer.start()
        drained = 0
        try:
            for block in blocks:
                drained += len(block)
                if drained > _MAX_DRAIN_BYTES:
                    break
        except (httpx.HTTPError, zlib.error):
            pass  # the connection is not reused; the answer is complete in any case
        finally:
            timer.cancel()

    def _publish(self, found: Sequence[WireEvent], *, token: bool = False) -> None:
        events = list(found)
        now = self._clock()
        if self._total and now - self._published_at >= _RECEIVED_INTERVAL:
            self._published_at = now
            events.insert(0, Received(self._total))
        accepted = self._status is not None and 200 <= self._status < 300
        so_far = End(Verdict.CUT if accepted else Verdict.FAULT, None, "", self._total, self._status)
        self._channel.put(events, so_far, token=token)

    def _failed(self, fault: Fault) -> End:
        return End(Verdict.FAULT, fault, "", self._total, self._status)


def http_error_class() -> type[Exception]:
    """Return httpx.HTTPError, imported on first use."""
    import httpx

    return httpx.HTTPError


def _kept_kind(chat: ChatRequest) -> StreamKind | None:
    """How the server was asked to keep the stream of a new request."""
    if chat.background:
        return StreamKind.EVENTS
    return StreamKind.BYTES if chat.stream_id else None


def request_headers(endpoint: Endpoint, key: Secret | None) -> dict[str, str]:
    """Return the headers of a request to this endpoint. Raises CannotSend if they cannot or must not be sent."""
    if is_insecure(endpoint, bool(key)):
        raise CannotSend(Fault(FaultKind.INSECURE))
    headers = {
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",  # a cut compressed stream loses what the decompressor still holds
        "Content-Type": "application/json",
        "User-Agent": f"holytui/{__version__}",
    }
    if key:
        text = key.reveal()
        if not _HEADER_SAFE.fullmatch(text):
            words = _("the key contains invalid characters; nothing was sent")
            raise CannotSend(Fault(FaultKind.STATUS, words, 401, "invalid_api_key"))
        headers["Authorization"] = f"Bearer {text}"
    own = {name.lower() for name in endpoint.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in own}
    for name, value in endpoint.headers.items():
        if not (name and _HEADER_SAFE.fullmatch(name) and _HEADER_SAFE.fullmatch(value)):
            words = _("the header {name} contains characters that cannot be sent").format(name=clean(name, 60))
            raise CannotSend(Fault(FaultKind.INTERNAL, words))
        headers[name] = value
    return headers


def request_body(request: ChatRequest, options: Sequence[StreamOption] = (), api: Api = Api.CHAT) -> bytes:
    """Return the JSON body of a request for a streamed answer."""
    body = responses_body(request) if api is Api.RESPONSES else _chat_body(request)
    given = body.pop("stream_options", {})
    if options:
        chosen = given if isinstance(given, dict) else {}
        body["stream_options"] = {option.value: option is StreamOption.INCLUDE_USAGE for option in options} | chosen
    return _encode(body)


def _chat_body(request: ChatRequest) -> dict[str, object]:
    body: dict[str, object] = {"model": request.model}
    body["messages"] = [
        {
            "role": message.role,
            "content": message.content if isinstance(message.content, str) else [dict(p) for p in message.content],
            **message.extra,
        }
        for message in request.messages
    ]
    body |= request.params
    body["stream"] = True
    return body


def _encode(body: dict[str, object]) -> bytes:
    # UTF-8 without escapes, which would double Vietnamese. Lone surrogates, which UTF-8 cannot encode, become "?".
    # Encoded in pieces: one emoji would make a whole str with base64 images take four bytes per character.
    writer = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)
    return b"".join(piece.encode(errors="replace") for piece in writer.iterencode(body))


def _plain(value: object) -> object:
    """Convert read-only mappings and dates of the configuration for JSON."""
    return dict(value) if hasattr(value, "keys") and hasattr(value, "__getitem__") else str(value)
