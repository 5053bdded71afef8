"""Interfaces that the engine needs from lower layers; tests supply their own."""

from __future__ import annotations

import time
from typing import Protocol

from holytui.faults import Fault
from holytui.models import StreamKind
from holytui.secret import Secret
from holytui.wire.events import WireEvent
from holytui.wire.request import ChatRequest, Endpoint, Timeouts


class AttemptEvents(Protocol):
    """One running attempt (`wire.transport.attempt.AttemptStream`)."""

    def wait(self, timeout: float | None) -> WireEvent | None:
        """Return the next event; None after `timeout` seconds without one."""
        ...

    def cancel(self) -> None:
        """Cancel the attempt; a waiting thread gets its end at once. Thread-safe."""
        ...


class Client(Protocol):
    """Sends requests (`wire.client.ChatClient`)."""

    def open(self, endpoint: Endpoint, key: Secret | None, request: ChatRequest, timeouts: Timeouts) -> AttemptEvents:
        """Start one attempt and return at once."""
        ...

    def release(
        self,
        endpoint: Endpoint,
        key: Secret | None,
        stream_id: str,
        timeout: float,
        kind: StreamKind = StreamKind.BYTES,
    ) -> Fault | None:
        """Have the server end a kept stream; return the fault if it may still run. Blocks."""
        ...

    def probe(self, endpoint: Endpoint, timeout: float) -> Fault | None:
        """Return None if the endpoint is reachable, else the fault, within `timeout` seconds."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class Keys(Protocol):
    """The key source of one provider (`credentials.keyring.KeyRing`)."""

    def get(self) -> Secret | None:
        """Return the key; None if none is needed. Raises KeyUnavailable."""
        ...

    def refresh(self, refused: Secret | None) -> Secret | None:
        """Return another key than `refused`. Raises KeyUnavailable, also when the source has no other."""
        ...

    def describe(self) -> str:
        """The source of the key, for the user."""
        ...

    @property
    def supplied_by_command(self) -> bool:
        """A command or OAuth server supplies the key: `get` may take seconds, and a 403 may mean an expired key."""
        ...


class GuideHost(Protocol):
    """The built-in guide's server (`guide.server.GuideServer`)."""

    def start(self) -> None:
        """Start listening unless it is listening. Raises GuideError."""
        ...

    def stop(self) -> None:
        """Stop listening."""
        ...

    def endpoint_for(self, model: str) -> str:
        """The base URL for a model."""
        ...

    @property
    def token(self) -> Secret:
        """The bearer token."""
        ...

    def renew_token(self, model: str) -> Secret:
        """Replace the token and return it."""
        ...


class Clock(Protocol):
    """Two clocks in seconds."""

    def monotonic(self) -> float:
        """Monotonic time; does not advance while the machine sleeps."""
        ...

    def wall(self) -> float:
        """Unix time."""
        ...


class SystemClock:
    """The system clocks."""

    def monotonic(self) -> float:
        """`time.monotonic`."""
        return time.monotonic()

    def wall(self) -> float:
        """`time.time`."""
        return time.time()


class GuideKeys:
    """The guide's token as a key."""

    def __init__(self, guide: GuideHost, model: str) -> None:
        self._guide = guide
        self._model = model
        self.supplied_by_command = False

    def get(self) -> Secret:
        """The current token."""
        return self._guide.token

    def refresh(self, refused: Secret | None) -> Secret:
        """Return a new token, or the current one if another answer has replaced `refused` already."""
        now = self._guide.token
        return self._guide.renew_token(self._model) if now == refused else now

    def describe(self) -> str:
        """The source of the guide's token."""
        return "guide"
