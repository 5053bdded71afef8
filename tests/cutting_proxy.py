"""A TCP proxy on the loopback that ends chosen responses at an exact byte: in order, by a reset, or by silence.

    with CuttingProxy(("127.0.0.1", 8080), {0: Cut(900, How.RST), 1: Cut(1500)}) as proxy:
        ...                              # the client asks at proxy.base_url; connections 2, 3, … are left alone
    proxy.connections[0].passed          # 900

It knows nothing of HTTP: a response is all that the server sends on one connection, its head included.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

_PIECE = 65536


class How(Enum):
    """How a response ends before its end."""

    FIN = "the connection is closed in order"
    RST = "the connection is reset"
    STALL = "nothing more comes, and the connection stays open until the client closes it"


@dataclass(frozen=True, slots=True)
class Cut:
    """After so many bytes the response is cut; a response that is shorter passes whole."""

    after: int
    how: How = How.FIN


@dataclass(slots=True)
class Connection:
    """A connection on which something was sent. The figures are final when the proxy is closed."""

    passed: int = 0
    """Bytes of the response that were sent on to the client."""
    cut: bool = False
    """The response was cut as planned."""


class CuttingProxy:
    """Forwards what comes to `address` to `upstream`, and what `upstream` answers back, except as `plan` says.

    The keys of `plan` number the connections from 0, in the order of their first bytes; a connection on which nothing
    is sent, such as one that only tries whether somebody listens, is not counted. While nobody listens at `upstream`,
    clients are accepted and hung up on. A side that leaves what was sent to it unread for `patience` seconds loses its
    connection. Closing the proxy closes every connection and waits for all threads.
    """

    def __init__(
        self, upstream: tuple[str, int], plan: Mapping[int, Cut] | None = None, *, patience: float = 30.0
    ) -> None:
        self.connections: list[Connection] = []
        self._upstream = upstream
        self._plan = dict(plan or {})
        self._patience = patience
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        # readable, since at its end, for every thread as soon as the other one is closed
        self._closing, self._close_signal = socket.socketpair()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def base_url(self) -> str:
        """The address to give as an endpoint's base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def close(self) -> None:
        """Close the listener and every connection, and wait for the threads. A second call does nothing."""
        self._close_signal.close()
        self._threads[0].join()  # from here on no connection is added
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # ends a send that waits for its reader
        for thread in self._threads:
            thread.join()
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- threads: one accepts, and one for each connection

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="cutting-proxy", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with self._listener:
            while self._closing not in _readable(self._listener, self._closing):
                with contextlib.suppress(ConnectionError):  # the client has gone already
                    client, _ = self._listener.accept()
                    client.settimeout(self._patience)
                    self._sockets.append(client)
                    self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        # whatever ends one side ends the connection: the client of a broken upstream sees it close
        with client, contextlib.suppress(OSError), socket.create_connection(self._upstream, self._patience) as server:
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(server)
            self._forward(client, server)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        connection: Connection | None = None
        cut: Cut | None = None
        senders = [client, server]
        while senders:
            ready = _readable(*senders, self._closing)
            if self._closing in ready:
                return
            for sender, receiver in ((client, server), (server, client)):
                if sender not in ready:
                    continue
                data = sender.recv(_PIECE)
                if not data:
                    senders.remove(sender)
                    receiver.shutdown(socket.SHUT_WR)
                    continue
                if connection is None:
                    connection, cut = self._count()
                if sender is server:
                    if cut is not None and connection.passed + len(data) >= cut.after:
                        client.sendall(data[: cut.after - connection.passed])
                        connection.passed, connection.cut = cut.after, True
                        self._end(cut.how, client, server)
                        return
                    connection.passed += len(data)
                receiver.sendall(data)

    def _count(self) -> tuple[Connection, Cut | None]:
        connection = Connection()
        with self._lock:
            self.connections.append(connection)
            return connection, self._plan.get(len(self.connections) - 1)

    def _end(self, how: How, client: socket.socket, server: socket.socket) -> None:
        match how:
            case How.RST:
                # zero linger: closing resets, and throws away what the client's machine has not taken
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
            case How.FIN:
                server.close()
                client.shutdown(socket.SHUT_WR)
                self._drain(client)  # closing with unread bytes would be a reset
            case How.STALL:
                self._drain(client)

    def _drain(self, client: socket.socket) -> None:
        """Throw away what the client sends until it closes, or the proxy does."""
        while self._closing not in _readable(client, self._closing) and client.recv(_PIECE):
            pass


def _readable(*sockets: socket.socket) -> list[socket.socket]:
    return select.select(sockets, [], [])[0]
