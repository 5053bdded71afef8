"""Has servers end the streams that nobody will read on, now or when their server can be reached again."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable

from holytui.engine.ports import Client, Keys
from holytui.errors import HolytuiError, ModelUnknown, StoreError
from holytui.models import StoredStream
from holytui.store.history import History
from holytui.wire.request import Endpoint

_log = logging.getLogger(__name__)

_TIMEOUT = 5.0
_FIRST_DELAY, _MAX_DELAY = 5.0, 60.0
_CLOSE_TIMEOUT = 0.5


class StreamReleaser:
    """Sends the requests on a daemon thread, which runs only while there are any. All methods are thread-safe."""

    def __init__(self, history: History, client: Client, server_of: Callable[[str], tuple[Endpoint, Keys]]) -> None:
        """`server_of` resolves a model's name."""
        self._history = history
        self._client = client
        self._server_of = server_of
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._closing = False
        self._is_due = True
        """Streams of an earlier process, or of a failed request, may be waiting."""

    def run(self) -> None:
        """Send the requests that are due, and again later those that fail. Returns at once."""
        with self._lock:
            self._wake.set()
            if self._thread is not None or self._closing:
                return
            thread = threading.Thread(target=self._run_thread, name="holytui-release", daemon=True)
            with contextlib.suppress(RuntimeError):  # the limit of threads is reached; a later call tries again
                thread.start()
                self._thread = thread

    def link_is_up(self) -> None:
        """A server was reached, so requests that failed may succeed now. Returns at once."""
        if self._is_due:
            self.run()

    def close(self) -> None:
        """Wait a moment for requests that are being sent; the next process sends the others."""
        with self._lock:
            self._closing = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join(_CLOSE_TIMEOUT)

    def _run_thread(self) -> None:
        delay = _FIRST_DELAY
        while True:
            self._wake.clear()
            is_due = True
            try:
                is_due = self._send_all()
            except StoreError as error:
                _log.debug("streams to release not read: %s", error.title)
            except Exception as error:  # noqa: BLE001 - the thread's edge; the streams expire at their servers anyway
                _log.error("streams not released: %s", type(error).__name__)
            with self._lock:
                self._is_due = is_due
                if self._closing or (not is_due and not self._wake.is_set()):
                    self._thread = None
                    return
            if is_due and not self._wake.wait(delay):
                delay = min(delay * 2, _MAX_DELAY)

    def _send_all(self) -> bool:
        """Send all requests; whether any failed."""
        failed = False
        for stream in self._history.streams.released():
            if self._send(stream):
                self._history.streams.forget(stream.id)
            else:
                failed = True
        return failed

    def _send(self, stream: StoredStream) -> bool:
        """Have one stream ended; False if its server must be asked again."""
        try:
            endpoint, keys = self._server_of(stream.model)
            if endpoint.base_url != stream.base_url:
                return True  # its server is no longer configured
            began = time.monotonic()
            fault = self._client.release(endpoint, keys.get(), stream.id, _TIMEOUT, stream.kind)
            _log.debug("stream released after %.1f s: %s", time.monotonic() - began, fault)
        except ModelUnknown:
            return True
        except HolytuiError:
            return False
        return fault is None
