"""The guide as a server in this process: on loopback, with a random port and token, and a thread per connection.

It uses the real protocol over real sockets, so that holytui treats it like any other server.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from holytui.errors import GuideError
from holytui.guide.chat_api import ErrorResponse
from holytui.guide.listener import Listener
from holytui.guide.request_reader import RequestReader
from holytui.guide.response_writer import ResponseWriter
from holytui.guide.router import MODELS, GuideRouter
from holytui.guide.tokens import Tokens
from holytui.i18n import _
from holytui.secret import Secret

PACE = 1 / 60
"""Seconds between tokens, about as fast as a person reads."""
AWAY = 12.0
"""Seconds for which the server of the offline model refuses connections."""
_CLOSE_TIMEOUT = 1.0
_MAX_CONNECTIONS = 64
"""At a time; without a limit other users of this machine could start any number of threads."""
_IDLE = 75.0
"""Seconds until the next request of a connection is complete."""
_NO_KEYS: Mapping[str, str] = MappingProxyType({})


class GuideServer:
    """The guide, listening on 127.0.0.1 from `start` to `stop`.

    `keys` maps action ids to the keys to show. `sleep`, if given, replaces every wait, in seconds; the default one ends
    when the server stops.
    """

    def __init__(
        self,
        keys: Mapping[str, str] = _NO_KEYS,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        pace: float = PACE,
    ) -> None:
        self._clock = clock
        self._stopping = threading.Event()
        self._sleep = sleep or self._stopping.wait
        self._pace = pace
        self._due = threading.local()
        self._tokens = Tokens()
        self._router = GuideRouter(keys, self._tokens, self._pause, self._vanish, self._spawn, self._stopping.is_set)
        self._lock = threading.Lock()
        self._live: dict[socket.socket, tuple[threading.Thread, Listener]] = {}
        self._main: Listener | None = None
        self._offline: Listener | None = None

    def start(self) -> None:
        """Listen; no effect if already listening. Raises GuideError when no port is free."""
        if self._main is not None:
            return
        self._stopping.clear()
        try:
            self._main = Listener(self._accept, self._sleep)
            self._offline = Listener(self._accept, self._sleep)
        except OSError as exc:
            self.stop()
            raise GuideError(
                _("The built-in guide could not start"),
                _("It needs a port on 127.0.0.1: {reason}").format(reason=exc.strerror or exc),
            ) from exc

    def stop(self) -> None:
        """Stop listening and end every stream at once."""
        self._stopping.set()
        for listener in (self._main, self._offline):
            if listener is not None:
                listener.close()
        self._main = self._offline = None
        with self._lock:
            live = list(self._live.items())
            for sock, _held in live:
                _shut(sock)
        for _sock, (thread, _listener) in live:
            thread.join(_CLOSE_TIMEOUT)

    @property
    def base_url(self) -> str:
        """The URL `http://127.0.0.1:PORT/v1`. Raises GuideError if the server is not started."""
        return self._url(self._main)

    def endpoint_for(self, model: str) -> str:
        """Return the base URL of `model`; `offline` has a server of its own. Raises GuideError as `base_url` does."""
        return self._url(self._offline if model == "offline" else self._main)

    @property
    def token(self) -> Secret:
        """The newest bearer token."""
        return self._tokens.current

    def renew_token(self, model: str) -> Secret:  # noqa: ARG002 - callers name the model whose key was refused
        """Issue a new token, which every model accepts and `token` returns from now on."""
        return self._tokens.renew()

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models, the one without a fault first."""
        return MODELS

    def _url(self, listener: Listener | None) -> str:
        if listener is None:
            raise GuideError(_("The built-in guide is not running"))
        return f"http://127.0.0.1:{listener.port}/v1"

    def _accept(self, sock: socket.socket, listener: Listener) -> None:
        thread = threading.Thread(target=self._serve, args=(sock,), name="guide-connection", daemon=True)
        with self._lock:
            if self._stopping.is_set() or len(self._live) >= _MAX_CONNECTIONS:
                sock.close()
                return
            self._live[sock] = (thread, listener)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        """Serve one connection, in its own thread, until either side closes it."""
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader, writer = RequestReader(sock), ResponseWriter(sock)
            while writer.keep_alive:
                sock.settimeout(_IDLE)
                request = reader.next()
                sock.settimeout(None)
                if isinstance(request, ErrorResponse):
                    writer.keep_alive = False
                    writer.error(request)
                    _discard_input(sock)
                elif request is None:
                    break
                else:
                    self._due.at = self._clock()
                    self._router.respond(request, writer)
        except OSError:
            pass  # the client closed the connection or is silent, or the server stops
        finally:
            with self._lock:
                self._live.pop(sock, None)
                sock.close()

    def _spawn(self, generate: Callable[[], None]) -> None:
        """Run a generator of tokens on a daemon thread, until it ends or the server stops."""

        def run() -> None:
            self._due.at = self._clock()
            with contextlib.suppress(ConnectionAbortedError):
                generate()

        threading.Thread(target=run, name="guide-generator", daemon=True).start()

    def _pause(self, count: float) -> None:
        """Wait for the time of `count` tokens, measured from the last wait, so that the pace does not drift."""
        now = self._clock()
        self._due.at = max(self._due.at + count * self._pace, now - self._pace)
        if self._due.at > now:
            self._sleep(self._due.at - now)
        if self._stopping.is_set():
            raise ConnectionAbortedError

    def _vanish(self) -> None:
        """Make the server of the offline model refuse connections, and end those that it has."""
        offline = self._offline
        if offline is None:
            return
        offline.leave(AWAY)
        own = threading.current_thread()
        with self._lock:
            for sock, (thread, listener) in self._live.items():
                if listener is offline and thread is not own:
                    _shut(sock)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may be shut already
        sock.shutdown(socket.SHUT_RDWR)


def _discard_input(sock: socket.socket) -> None:
    """Read what the client still sends: closing earlier could make it miss the response (RFC 9112 9.6)."""
    sock.shutdown(socket.SHUT_WR)
    sock.settimeout(_CLOSE_TIMEOUT)
    for _round in range(1024):
        if not sock.recv(64 * 1024):
            break
