"""The server of the soak, in a process of its own: `python -m benchmarks.soak.server` prints its address."""

from __future__ import annotations

import json
import socket
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from benchmarks.soak.answers import Trouble, first_half, text, trouble
from tests.servers import DONE, chunk, chunked_head, delta, event, usage

_PIECE = 12
_PATIENCE = 60.0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: ClassVar[set[int]] = set()
    """The numbers of answers that had their trouble."""

    def do_POST(self) -> None:
        """Answer the number that the last question is."""
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"])))
        number = int(next(each["content"] for each in body["messages"][::-1] if each["role"] == "user"))
        last = body["messages"][-1]
        begun = len(last["content"]) if last["role"] == "assistant" else 0
        kind = Trouble.NONE if number in self.seen else trouble(number)
        self.seen.add(number)
        if kind is Trouble.BUSY:
            self._busy()
            return
        self.wfile.write(chunked_head())
        self._say((text(number) if kind is Trouble.NONE else first_half(number))[begun:])
        match kind:
            case Trouble.NONE:
                tail = event(delta(finish="stop")) + event(usage()) + DONE
                self.wfile.write(chunk(tail) + chunk(b""))
                return
            case Trouble.STOP:
                self.connection.settimeout(_PATIENCE)
                self.connection.recv(1)
            case Trouble.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _say(self, words: str) -> None:
        for at in range(0, len(words), _PIECE):
            self.wfile.write(chunk(event(delta(words[at : at + _PIECE]))))

    def _busy(self) -> None:
        body = b'{"error": {"message": "slow down", "code": 429}}'
        head = f"HTTP/1.1 429 Busy\r\nretry-after-ms: 20\r\ncontent-length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until the input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    import threading

    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
