"""A model on the loopback that says the same text at a steady rate, and remembers when it said what."""

from __future__ import annotations

import itertools
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from types import TracebackType
from typing import Self

from benchmarks import corpus

FIRST, LAST = "ALPHA", "OMEGA"
TOKEN = 4
"""Characters a token."""
_KINDS = (corpus.headed, corpus.prose_vi, corpus.nested_list, corpus.python, corpus.table, corpus.prose_en)


def pieces(count: int) -> list[str]:
    """`count` tokens of mixed Markdown, marked at both ends."""
    rng = Random(7)
    text = ""
    for kind in itertools.cycle(_KINDS):
        if len(text) >= count * TOKEN:
            break
        text += kind(rng).strip() + "\n\n"
    middle = [text[at : at + TOKEN] for at in range(0, count * TOKEN, TOKEN)]
    return [f"{FIRST} ", *middle[: count - 2], f"\n\n{LAST}"]


class TokenServer:
    """Answers every question with `tokens` tokens, `rate` of them a second (0: as fast as they are read)."""

    def __init__(self, tokens: int, rate: float) -> None:
        self.tokens = tokens
        self.rate = rate
        self.first = self.last = 0.0
        """When the first and the last token of the last answer were sent; 0 while they were not."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply("application/json", b'{"object": "list", "data": [{"id": "one"}]}')

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", "0")))
                server.first = server.last = 0.0
                self._reply("text/event-stream", None)
                server._say(self)

            def _reply(self, kind: str, body: bytes | None) -> None:
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("connection", "close")
                if body is not None:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body or b"")
                self.close_connection = True

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _say(self, handler: BaseHTTPRequestHandler) -> None:
        start = time.monotonic()
        try:
            for count, token in enumerate(pieces(self.tokens)):
                if self.rate:
                    time.sleep(max(0.0, start + count / self.rate - time.monotonic()))
                _event(handler, {"choices": [{"index": 0, "delta": {"content": token}}]})
                if count == 0:
                    self.first = time.monotonic()
            self.last = time.monotonic()
            _event(handler, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            handler.wfile.write(b"data: [DONE]\n\n")
        except ConnectionError:
            pass  # whoever asked has gone


def _event(handler: BaseHTTPRequestHandler, payload: object) -> None:
    handler.wfile.write(b"data: " + json.dumps(payload).encode() + b"\n\n")
