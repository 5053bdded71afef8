"""A listening socket on 127.0.0.1 that can refuse connections for a time and return to the same port."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

_BIND_ATTEMPTS = 5
_JOIN_TIMEOUT = 1.0
_ACCEPT_RETRY = 0.05
"""Seconds until the next accept(), where one failed for want of a file descriptor."""


class Listener:
    """Passes every connection to `on_connection`, from construction to `close`.

    Raises OSError when no port is free. The port stays bound while connections are refused: no other program can take
    it and receive what is meant for the guide.
    """

    def __init__(
        self, on_connection: Callable[[socket.socket, Listener], None], sleep: Callable[[float], object]
    ) -> None:
        self._on_connection = on_connection
        self._sleep = sleep
        self._lock = threading.Lock()
        self._absence = 0.0
        self._closed = threading.Event()
        self._sock = _bound()
        self.port: int = self._sock.getsockname()[1]
        self._listen()
        self._thread = threading.Thread(target=self._run, name="guide-listener", daemon=True)
        self._thread.start()

    def leave(self, seconds: float) -> None:
        """Refuse connections for `seconds`; the first one is refused before this returns."""
        with self._lock:
            if not self._closed.is_set() and not self._absence:
                self._absence = seconds
                self._unlisten()

    def close(self) -> None:
        """Stop listening and release the port."""
        with self._lock:
            self._closed.set()
            self._unlisten()
        if self._thread is not threading.current_thread():
            self._thread.join(_JOIN_TIMEOUT)

    def _listen(self) -> None:
        # connections inherit this option; without it one in TIME_WAIT would prevent listening again
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sock.listen()

    def _unlisten(self) -> None:
        # On Linux shutdown() makes a listening socket refuse connections, wakes accept(), and leaves it bound for the
        # next listen(). Elsewhere it is an error: a connection wakes accept() there, and the port is released.
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
            # no other program can bind the port unless both sockets have the option
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        except OSError:
            if self._sock.fileno() >= 0:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", self.port), timeout=_JOIN_TIMEOUT).close()
                self._sock.close()

    def _run(self) -> None:
        while True:
            try:
                sock, _address = self._sock.accept()
            except OSError:
                sock = None
            if self._closed.is_set() or self._absence:
                if sock is not None:
                    sock.close()
                if not self._resume():
                    break
            elif sock is not None:
                self._on_connection(sock, self)
            else:  # no file descriptor is free, or the client closed the connection in the queue
                self._sleep(_ACCEPT_RETRY)
        self._sock.close()

    def _resume(self) -> bool:
        """Wait until the absence is over, then listen again; False when closed."""
        wait = self._absence
        while not self._closed.is_set():
            self._sleep(wait)
            with self._lock:
                if self._closed.is_set():
                    break
                try:
                    if self._sock.fileno() < 0:
                        self._sock = _bound(self.port)
                    self._listen()
                except OSError:  # where the port was released, another program may have it now
                    wait = _JOIN_TIMEOUT
                else:
                    self._absence = 0.0
                    return True
        return False


def _bound(port: int = 0) -> socket.socket:
    """Bind a socket to `port`, or to a free one.

    A free port is bound by its number, as only then the socket keeps the port while it does not listen.
    """
    for attempts_left in reversed(range(_BIND_ATTEMPTS)):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            free = probe.getsockname()[1]
        sock = socket.socket()
        try:
            sock.bind(("127.0.0.1", free))
        except OSError:
            sock.close()
            if not attempts_left:
                raise
        else:
            return sock
    raise AssertionError(port)
