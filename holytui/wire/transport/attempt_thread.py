"""One attempt's thread: sends the request, reads the answer, puts what it learns into the mailbox."""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holytui import __version__
from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.secret import Secret
from holytui.wire.events import Accepted, End, Received, Verdict, WireEvent
from holytui.wire.request import ChatRequest, Endpoint, Timeouts
from holytui.wire.response.body import AnswerBody
from holytui.wire.response.error_bodies import clean
from holytui.wire.response.error_status import MAX_BODY, refuses_usage, status_fault
from holytui.wire.transport.addresses import is_insecure
from holytui.wire.transport.connections import Lane, Lanes, Unusable
from holytui.wire.transport.decompress import Inflater, UnknownEncoding
from holytui.wire.transport.event_channel import Mailbox
from holytui.wire.transport.exceptions import fault_of
from holytui.wire.transport.pace import Pace

if TYPE_CHECKING:
    import httpx

_TELL_EVERY = 0.1  # seconds between two `Received`
_TAIL = 3.0  # seconds given to the usage and `[DONE]` after a finish_reason, or to the body of a refusal
_DRAIN = 1.0  # seconds given to the end of a body after `[DONE]`, so that the connection can be kept
_MAX_DRAIN = 64 * 1024
_WRITE = 30.0  # seconds without any progress while sending
_NO_MEMORY = End(Verdict.FAULT, Fault(FaultKind.INTERNAL, "MemoryError"))
"""Made beforehand: when memory is used up, nothing can be made any more."""
_HEADER_SAFE = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class Order:
    """What an attempt is to do."""

    endpoint: Endpoint
    key: Secret | None
    request: ChatRequest
    timeouts: Timeouts


class Exchange:
    """`run` belongs to the attempt's thread; `cut` may be called from any."""

    def __init__(
        self, order: Order, lanes: Lanes, box: Mailbox, without_usage: set[str], clock: Callable[[], float]
    ) -> None:
        self._order = order
        self._lanes = lanes
        self._box = box
        self._without_usage = without_usage
        self._clock = clock
        self._lock = threading.Lock()
        self._lane: Lane | None = None
        self._cut = False
        self._status: int | None = None
        self._total = 0
        self._told_at = float("-inf")
        self._presumes = False

    def run(self) -> None:
        """Make the request and see it to its end, which is always told."""
        try:
            end = self._attempt()
        except Unusable as exc:
            end = self._failed(exc.fault)
        except MemoryError:
            end = _NO_MEMORY
        except Exception as exc:  # noqa: BLE001 - the edge of a thread: nothing may end it without a word
            end = self._failed(fault_of(exc, connected=self._box.connected, reused=self._is_reused()))
        try:
            self._release()  # first, so that an attempt that follows at once finds the connection
        finally:
            self._box.finish(end)

    def cut(self) -> None:
        """Shut the connection down, whatever it is doing."""
        with self._lock:
            self._cut = True
            if self._lane is not None:
                self._lane.cut()

    def _attempt(self) -> End:
        order = self._order
        headers = request_headers(order.endpoint, order.key)
        lane = self._take_lane()
        asks_usage = order.endpoint.base_url not in self._without_usage
        resent = False
        while True:
            response = self._send(lane, headers, asks_usage)
            try:
                self._status = response.status_code
                if response.is_success:
                    if resent:
                        self._without_usage.add(order.endpoint.base_url)
                    return self._answer(response)
                body = self._refusal(response)
            finally:
                response.close()
            if not (asks_usage and refuses_usage(response.status_code, body)):
                return self._failed(status_fault(response.status_code, response.headers, body))
            asks_usage, resent, self._status = False, True, None
            self._box.presume(None)

    def _take_lane(self) -> Lane:
        lane = self._lanes.take(self._order.endpoint)
        with self._lock:
            self._lane = lane
            if self._cut:
                lane.cut()
        return lane

    def _release(self) -> None:
        with self._lock:
            lane, self._lane = self._lane, None
        if lane is not None:
            self._lanes.give_back(lane)

    def _is_reused(self) -> bool:
        return self._lane is not None and not self._lane.fresh and self._status is None

    def _send(self, lane: Lane, headers: dict[str, str], asks_usage: bool) -> httpx.Response:
        import httpx

        times = self._order.timeouts
        # The reader's deadlines come first; this one is for when nobody reads any more.
        patience = httpx.Timeout(connect=times.connect, read=times.idle + 5.0, write=_WRITE, pool=times.connect)
        request = lane.client.build_request(
            "POST",
            self._order.endpoint.chat_url,
            headers=headers,
            content=request_body(self._order.request, asks_usage),
            timeout=patience,
            extensions={"trace": lane.trace},
        )
        lane.begin(self._box.sending, self._box.sent)
        if self._lanes.unwatched:
            self._box.sending()
            self._box.sent()
        if self._box.closed:
            raise Unusable(Fault(FaultKind.CLOSED))  # nobody reads it; it was cancelled before anything was sent
        return lane.client.send(request, stream=True)

    def _refusal(self, response: httpx.Response) -> bytes:
        """The beginning of a refusal's body; without it the status has to do."""
        import httpx

        self._box.sent()
        status = response.status_code
        self._tell([])
        self._box.presume(self._failed(status_fault(status, response.headers, b"")), _TAIL)
        body = bytearray()
        try:
            for block in self._blocks(response):
                body += block
                if len(body) >= MAX_BODY:
                    break
        except (httpx.HTTPError, zlib.error):
            pass  # the status is known, and what there is of the words is used
        return bytes(body[:MAX_BODY])

    def _answer(self, response: httpx.Response) -> End:
        import httpx

        self._box.sent()
        body = AnswerBody(response.headers.get("content-type", ""), self._order.timeouts.answer_bytes)
        self._tell([Accepted(response.status_code, clean(response.headers.get("x-generation-id", ""), 100))])
        blocks = self._blocks(response)
        broke: Fault | None = None
        pace = Pace()
        try:
            for block in blocks:
                self._read(body, block)
                if body.finished or self._box.closed:
                    break
                if pause := pace.pause():
                    self._box.pause(pause)
        except httpx.HTTPError as exc:
            broke = fault_of(exc)
        except UnknownEncoding as exc:
            broke = Fault(FaultKind.ENCODED, clean(str(exc), 60))
        except zlib.error as exc:
            broke = Fault(FaultKind.GARBLED, clean(str(exc)))
        self._tell(body.close())
        end = body.verdict(broke, self._total, response.status_code)
        self._box.finish(end)
        if body.reader.done and broke is None:
            self._drain(blocks)
        return end

    def _read(self, body: AnswerBody, block: bytes) -> None:
        before = body.reader.progress
        found = body.feed(block)
        self._tell(found, token=body.reader.progress > before)
        if body.settled and not body.finished and (found or not self._presumes):
            self._presumes = True
            self._box.presume(body.verdict(None, self._total, self._status or 0), _TAIL)

    def _blocks(self, response: httpx.Response) -> Iterator[bytes]:
        """The body, decompressed. Raises httpx.HTTPError and zlib.error."""
        inflater = Inflater(response.headers.get("content-encoding", ""))
        try:
            # A given transport may make a response whose body has been read already.
            for raw in [response.content] if response.is_stream_consumed else response.iter_raw():
                self._total += len(raw)
                yield from inflater.feed(raw)
        except httpx_error():
            if rest := inflater.rest():
                yield rest
            raise
        if rest := inflater.close():
            yield rest

    def _drain(self, blocks: Iterator[bytes]) -> None:
        """Read the end of a body whose answer is whole already; then the connection can be used again."""
        import httpx

        timer = threading.Timer(_DRAIN, self.cut)
        timer.daemon = True
        timer.start()
        drained = 0
        try:
            for block in blocks:
                drained += len(block)
                if drained > _MAX_DRAIN:
                    break
        except (httpx.HTTPError, zlib.error):
            pass  # it will not be used again, and nothing else hangs on it
        finally:
            timer.cancel()

    def _tell(self, found: Sequence[WireEvent], *, token: bool = False) -> None:
        events = list(found)
        now = self._clock()
        if self._total and now - self._told_at >= _TELL_EVERY:
            self._told_at = now
            events.insert(0, Received(self._total))
        accepted = self._status is not None and 200 <= self._status < 300
        so_far = End(Verdict.CUT if accepted else Verdict.FAULT, None, "", self._total, self._status)
        self._box.put(events, so_far, token=token)

    def _failed(self, fault: Fault) -> End:
        return End(Verdict.FAULT, fault, "", self._total, self._status)


def httpx_error() -> type[Exception]:
    """The base of what httpx raises for a connection, imported when it is needed."""
    import httpx

    return httpx.HTTPError


def request_headers(endpoint: Endpoint, key: Secret | None) -> dict[str, str]:
    """The headers of a request to this endpoint. Raises Unusable if they cannot or must not be sent."""
    if is_insecure(endpoint, bool(key)):
        raise Unusable(Fault(FaultKind.INSECURE))
    headers = {
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",  # a cut compressed stream loses what the decompressor still holds
        "Content-Type": "application/json",
        "User-Agent": f"holytui/{__version__}",
    }
    if key:
        text = key.reveal()
        if not _HEADER_SAFE.fullmatch(text):
            words = _("the key holds characters that no key can have; nothing was sent")
            raise Unusable(Fault(FaultKind.STATUS, words, 401, "invalid_api_key"))
        headers["Authorization"] = f"Bearer {text}"
    own = {name.lower() for name in endpoint.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in own}
    for name, value in endpoint.headers.items():
        if not (name and _HEADER_SAFE.fullmatch(name) and _HEADER_SAFE.fullmatch(value)):
            words = _("the header {name} holds characters that cannot be sent").format(name=clean(name, 60))
            raise Unusable(Fault(FaultKind.INTERNAL, words))
        headers[name] = value
    return headers


def request_body(request: ChatRequest, asks_usage: bool) -> bytes:
    """The JSON body of a streamed chat completion."""
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
    options = body.pop("stream_options", {})
    if asks_usage:
        body["stream_options"] = {"include_usage": True, **(options if isinstance(options, dict) else {})}
    # Text goes as UTF-8: escapes would double Vietnamese. A lone surrogate, which UTF-8 has no form for, becomes "?".
    # In pieces: beside a single emoji, a text made whole would take four bytes for each character of an image.
    writer = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)
    return b"".join(piece.encode(errors="replace") for piece in writer.iterencode(body))


def _plain(value: object) -> object:
    """JSON for the read-only mappings and the dates of a configuration."""
    return dict(value) if hasattr(value, "keys") and hasattr(value, "__getitem__") else str(value)
