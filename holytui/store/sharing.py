"""Values of the exchange with a shared history."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holytui.models import Message


class SharingState(StrEnum):
    """State of the exchange with a shared history."""

    CONNECTING = "connecting"
    CURRENT = "current"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class SharingStatus:
    """How far the exchange is."""

    state: SharingState = SharingState.CONNECTING
    behind: int = 0
    """Changes of this host that the shared history does not have."""
    since: float = 0.0
    """Unix time at which it was found to be offline."""
    reason: str = ""
    """Why it is offline, as sentences of `holytui.hints`."""


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """An answer that another host receives."""

    host: str
    """Name of that host."""
    question: Message
    answer: Message
    """With the text so far, if its conversation is watched."""
