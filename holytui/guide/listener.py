"""A listening socket on 127.0.0.1 that can go away for a time and come back at the same port."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

_TRIES = 5
_JOIN = 1.0
_BREATH = 0.05


class Listener:
    """Hands every connection to `welcome`, from its construction to `close`. Raises OSError when no port can be had.

    While it is away its port stays its own: nobody else can take the port and be told what was meant for it.
    """

    def __init__(self, welcome: Callable[[socket.socket, Listener], None], sleep: Callable[[float], object]) -> None:
        self._welcome = welcome
        self._sleep = sleep
        self._lock = threading.Lock()
        self._away = 0.0
        self._closed = threading.Event()
        self._sock = _bound()
        self.port: int = self._sock.getsockname()[1]
        self._listen()
        self._thread = threading.Thread(target=self._run, name="guide-listener", daemon=True)
        self._thread.start()

    def leave(self, seconds: float) -> None:
        """Refuse connections for `seconds`, from before this returns."""
        with self._lock:
            if not self._closed.is_set() and not self._away:
                self._away = seconds
                self._unlisten()

    def close(self) -> None:
        """Stop listening for good, and free the port."""
        with self._lock:
            self._closed.set()
            self._unlisten()
        if self._thread is not threading.current_thread():
            self._thread.join(_JOIN)

    def _listen(self) -> None:
        # connections inherit this option; one that still lingers at the port would else keep us from listening again
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sock.listen()

    def _unlisten(self) -> None:
        # Shutting a listening socket down makes it refuse, wakes accept(), and leaves it bound, so that listen() can
        # follow (Linux). Elsewhere that is an error; there accept() is woken by a connection, and the port is let go.
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
            # without the option on both sides nobody else can bind the port
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        except OSError:
            if self._sock.fileno() >= 0:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", self.port), timeout=_JOIN).close()
                self._sock.close()

    def _run(self) -> None:
        while True:
            try:
                sock, _address = self._sock.accept()
            except OSError:
                sock = None
            if self._closed.is_set() or self._away:
                if sock is not None:
                    sock.close()
                if not self._return():
                    break
            elif sock is not None:
                self._welcome(sock, self)
            else:  # no file descriptor is free, or the client left in the queue
                self._sleep(_BREATH)
        self._sock.close()

    def _return(self) -> bool:
        """Wait as long as it was asked to be away, then listen again; False when it is closed."""
        wait = self._away
        while not self._closed.is_set():
            self._sleep(wait)
            with self._lock:
                if self._closed.is_set():
                    break
                try:
                    if self._sock.fileno() < 0:
                        self._sock = _bound(self.port)
                    self._listen()
                except OSError:  # where the port had to be let go, another program may have it now
                    wait = _JOIN
                else:
                    self._away = 0.0
                    return True
        return False


def _bound(port: int = 0) -> socket.socket:
    """A socket bound to `port`, or a free one, by its number: only then it keeps the port while it does not listen."""
    for tries_left in reversed(range(_TRIES)):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            free = probe.getsockname()[1]
        sock = socket.socket()
        try:
            sock.bind(("127.0.0.1", free))
        except OSError:
            sock.close()
            if not tries_left:
                raise
        else:
            return sock
    raise AssertionError(port)
