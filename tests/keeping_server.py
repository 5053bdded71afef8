"""A server that keeps streams as llama.cpp does, and cuts its connections at given bytes.

with KeepingServer(body, cuts=[100, 7]) as server:   # the POST is cut after 100 bytes, the first GET after 7 more
    ...
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from tests.servers import DONE, Peer, Received, ScriptedServer, delta, event, head, usage, whole

GONE = {"error": {"code": 404, "message": "Stream not found or expired", "type": "not_found_error"}}
NO_SUCH_PATH = {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}
OFFSET_LOST = {"error": {"code": 400, "message": "Stream offset lost", "type": "invalid_request_error"}}


def body_of(text: str, size: int = 3, reasoning: str = "") -> bytes:
    """The whole body of an answer: `reasoning`, then `text`, in pieces of `size` characters, usage and end."""
    thoughts = [delta(None, None, reasoning_content=reasoning[i : i + size]) for i in range(0, len(reasoning), size)]
    pieces = [delta(text[i : i + size]) for i in range(0, len(text), size)]
    return b"".join(map(event, [*thoughts, *pieces, delta(finish="stop"), usage()])) + DONE


class KeepingServer(ScriptedServer):
    """Keeps the body of each POST under the id of its header.

    `cuts` are the bytes that each response but the last sends. `refusal` is the response to every GET instead.
    """

    def __init__(
        self,
        body: bytes,
        cuts: Sequence[int] = (),
        *,
        refusal: bytes = b"",
        server: str = "llama.cpp",
        hold_after: int | None = None,
    ) -> None:
        """`hold_after`: a response sends so many bytes and stays open, as while a model still generates."""
        self.body = body
        self.cuts = list(cuts)
        self.refusal = refusal
        self.hold_after = hold_after
        self.kept: set[str] = set()
        self._server_header = server
        super().__init__([self._serve_peer])

    @property
    def calls(self) -> list[str]:
        """The methods of all requests so far."""
        return [request.method for request in self.requests]

    def ids(self, method: str) -> list[str]:
        """The stream ids of the requests with this method."""
        return [_id_of(request) for request in self.requests if request.method == method]

    def _serve_peer(self, peer: Peer) -> None:
        while peer.read():
            request = [each for each in self.requests if each.connection == peer.number][-1]
            if not self._respond(peer, request):
                return

    def _respond(self, peer: Peer, request: Received) -> bool:
        """Whether the connection stays open."""
        stream_id = _id_of(request)
        match request.method:
            case "DELETE":
                self.kept.discard(stream_id)
                peer.sock.sendall(whole("204 No Content", b""))
                return True
            case "POST":
                if stream_id:
                    self.kept.add(stream_id)
                return self._send(peer, self.body)
            case _ if self.refusal:
                peer.sock.sendall(self.refusal)
                return True
            case _ if stream_id not in self.kept:
                peer.sock.sendall(whole("404 Not Found", GONE))
                return True
            case _:
                offset = int(parse_qs(urlsplit(request.target).query)["from"][0])
                return self._send(peer, self.body[offset:])

    def _send(self, peer: Peer, body: bytes) -> bool:
        cut = self.cuts.pop(0) if self.cuts else self.hold_after
        peer.sock.sendall(head(content_type="text/event-stream", server=self._server_header) + body[:cut])
        if self.hold_after is not None:
            peer.stall()
        return False


def _id_of(request: Received) -> str:
    if request.method == "POST":
        return request.headers.get("x-conversation-id", "")
    return parse_qs(urlsplit(request.target).query).get("conv_id", [""])[0]
