"""The guide as a server within this process: loopback only, a random port, a random token, threads that stop at once.

It speaks the real protocol over real sockets, so that what holytui does with it is what it does with any server.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from holytui.errors import GuideError
from holytui.guide.http11 import Reader, Writer
from holytui.guide.listener import Listener
from holytui.guide.protocol import Refusal
from holytui.guide.service import MODELS, Service
from holytui.guide.tokens import Tokens
from holytui.i18n import _
from holytui.secret import Secret

PACE = 1 / 60
"""Seconds from token to token, about as fast as a person reads."""
AWAY = 12.0
"""Seconds for which the server of the offline model is away."""
_LINGER = 1.0
_MOST = 64
"""Connections at a time; other users of this machine could else make any number of threads."""
_IDLE = 75.0
"""Seconds that a connection may take until its next request is there."""
_NO_KEYS: Mapping[str, str] = MappingProxyType({})


class GuideServer:
    """The guide, listening on 127.0.0.1 from `start` to `stop`.

    `keys` says how the keys in force are shown: id of an action to text. `sleep`, if given, takes the place of every
    wait, in seconds; the usual one ends when the server stops.
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
        self._service = Service(keys, self._tokens, self._pause, self._vanish, self._spawn, self._stopping.is_set)
        self._lock = threading.Lock()
        self._live: dict[socket.socket, tuple[threading.Thread, Listener]] = {}
        self._main: Listener | None = None
        self._shaky: Listener | None = None

    def start(self) -> None:
        """Listen; does nothing when it does already. Raises GuideError when no port can be had."""
        if self._main is not None:
            return
        self._stopping.clear()
        try:
            self._main = Listener(self._welcome, self._sleep)
            self._shaky = Listener(self._welcome, self._sleep)
        except OSError as exc:
            self.stop()
            raise GuideError(
                _("The built-in guide could not start"),
                _("It needs a port on 127.0.0.1: {reason}").format(reason=exc.strerror or exc),
            ) from exc

    def stop(self) -> None:
        """Stop listening and end every stream, now."""
        self._stopping.set()
        for listener in (self._main, self._shaky):
            if listener is not None:
                listener.close()
        self._main = self._shaky = None
        with self._lock:
            live = list(self._live.items())
            for sock, _held in live:
                _shut(sock)
        for _sock, (thread, _listener) in live:
            thread.join(_LINGER)

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT/v1`. Raises GuideError when the server is not started."""
        return self._url(self._main)

    def endpoint_for(self, model: str) -> str:
        """The base URL of `model`; that of `offline` is its own, as it goes away. Raises GuideError as `base_url`."""
        return self._url(self._shaky if model == "offline" else self._main)

    @property
    def token(self) -> Secret:
        """The newest bearer token."""
        return self._tokens.current

    def renew_token(self, model: str) -> Secret:  # noqa: ARG002 - a client asks for the model whose key was refused
        """A new token, which every model accepts; `token` is this one from now on."""
        return self._tokens.renew()

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models: the plain guide's first."""
        return MODELS

    def _url(self, listener: Listener | None) -> str:
        if listener is None:
            raise GuideError(_("The built-in guide is not running"))
        return f"http://127.0.0.1:{listener.port}/v1"

    def _welcome(self, sock: socket.socket, listener: Listener) -> None:
        thread = threading.Thread(target=self._serve, args=(sock,), name="guide-connection", daemon=True)
        with self._lock:
            if self._stopping.is_set() or len(self._live) >= _MOST:
                sock.close()
                return
            self._live[sock] = (thread, listener)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        """One connection, in its own thread, until either side leaves."""
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader, writer = Reader(sock), Writer(sock)
            while writer.keep_alive:
                sock.settimeout(_IDLE)
                request = reader.next()
                sock.settimeout(None)
                if isinstance(request, Refusal):
                    writer.keep_alive = False
                    writer.refuse(request)
                    _drain(sock)
                elif request is None:
                    break
                else:
                    self._due.at = self._clock()
                    self._service.respond(request, writer)
        except OSError:
            pass  # the client has left or says nothing, or the server stops
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
        """Wait for the time of `count` tokens since the wait before, so that the pace does not drift."""
        now = self._clock()
        self._due.at = max(self._due.at + count * self._pace, now - self._pace)
        if self._due.at > now:
            self._sleep(self._due.at - now)
        if self._stopping.is_set():
            raise ConnectionAbortedError

    def _vanish(self) -> None:
        """Let the server of the offline model go away, with all that is connected to it."""
        shaky = self._shaky
        if shaky is None:
            return
        shaky.leave(AWAY)
        own = threading.current_thread()
        with self._lock:
            for sock, (thread, listener) in self._live.items():
                if listener is shaky and thread is not own:
                    _shut(sock)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may be shut already
        sock.shutdown(socket.SHUT_RDWR)


def _drain(sock: socket.socket) -> None:
    """Read what the client still sends, for a while: closing before would make it miss the response (RFC 9112 9.6)."""
    sock.shutdown(socket.SHUT_WR)
    sock.settimeout(_LINGER)
    for _round in range(1024):
        if not sock.recv(64 * 1024):
            break
