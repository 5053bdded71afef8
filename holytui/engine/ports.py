"""What the engine needs of the parts below it, and nothing more; tests put their own in."""

from __future__ import annotations

import time
from typing import Protocol

from holytui.faults import Fault
from holytui.secret import Secret
from holytui.wire.events import WireEvent
from holytui.wire.request import ChatRequest, Endpoint, Timeouts


class AttemptEvents(Protocol):
    """One attempt under way (`wire.attempt.AttemptStream`)."""

    def wait(self, timeout: float | None) -> WireEvent | None:
        """The next event; None after `timeout` seconds without one."""
        ...

    def cancel(self) -> None:
        """Give it up: whoever waits gets its end at once. From any thread."""
        ...


class Client(Protocol):
    """The way to servers (`wire.client.ChatClient`)."""

    def open(self, endpoint: Endpoint, key: Secret | None, request: ChatRequest, timeouts: Timeouts) -> AttemptEvents:
        """Start one attempt. Returns at once."""
        ...

    def probe(self, endpoint: Endpoint, timeout: float) -> Fault | None:
        """None: the endpoint can be reached. Takes at most `timeout` seconds."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


class Keys(Protocol):
    """Where one provider's key comes from (`wire.keys.KeyRing`)."""

    def get(self) -> Secret | None:
        """The key, None if none is needed. Raises KeyUnavailable."""
        ...

    def refresh(self, refused: Secret | None) -> Secret | None:
        """Another key than `refused`. Raises KeyUnavailable, also when the source has no other."""
        ...

    def describe(self) -> str:
        """Where the key comes from, in words."""
        ...

    @property
    def supplied_by_command(self) -> bool:
        """Asking for it may take seconds, and a 403 may mean that it is old."""
        ...


class GuideHost(Protocol):
    """The built-in guide's server (`guide.server.GuideServer`)."""

    def start(self) -> None:
        """Listen, if it does not yet. Raises GuideError."""
        ...

    def stop(self) -> None:
        """Stop listening."""
        ...

    def endpoint_for(self, model: str) -> str:
        """The base URL of a model."""
        ...

    @property
    def token(self) -> Secret:
        """The bearer token."""
        ...

    def renew_token(self, model: str) -> Secret:
        """A new token."""
        ...


class Clock(Protocol):
    """Two clocks, in seconds."""

    def monotonic(self) -> float:
        """Never goes back; stands still while the machine sleeps."""
        ...

    def wall(self) -> float:
        """Unix time."""
        ...


class SystemClock:
    """The machine's own."""

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
        """The token in force."""
        return self._guide.token

    def refresh(self, refused: Secret | None) -> Secret:
        """A new token, unless another answer has got one meanwhile."""
        now = self._guide.token
        return self._guide.renew_token(self._model) if now == refused else now

    def describe(self) -> str:
        """The guide makes its keys itself."""
        return "guide"
