"""The bearer tokens of the guide's server: each can be refused for one model, as an expired key is, and renewed."""

from __future__ import annotations

import secrets
import threading
from enum import StrEnum

from holytui.secret import Secret

_KEPT = 8  # older tokens than this are forgotten; a client that still has one is told to refresh it


class Pass(StrEnum):
    """What a presented token is worth."""

    VALID = "valid"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Tokens:
    """The tokens that are known; safe to use from several threads."""

    __slots__ = ("_expired", "_known", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known = [Secret(secrets.token_urlsafe(32))]
        self._expired: set[tuple[Secret, str]] = set()

    @property
    def current(self) -> Secret:
        """The newest token."""
        with self._lock:
            return self._known[-1]

    def renew(self) -> Secret:
        """A new token, accepted for every model. The older ones stay good for what they were good for."""
        token = Secret(secrets.token_urlsafe(32))
        with self._lock:
            self._known.append(token)
            dropped = self._known[:-_KEPT]
            del self._known[:-_KEPT]
            self._expired = {(old, model) for old, model in self._expired if old not in dropped}
        return token

    def expire(self, presented: str, model: str) -> None:
        """Refuse this token for `model` from now on."""
        with self._lock:
            found = self._find(presented)
            if found is not None:
                self._expired.add((found, model))

    def check(self, presented: str, model: str = "") -> Pass:
        """What `presented` is worth for `model`."""
        with self._lock:
            found = self._find(presented)
            if found is None:
                return Pass.UNKNOWN
            return Pass.EXPIRED if (found, model) in self._expired else Pass.VALID

    def _find(self, presented: str) -> Secret | None:
        given = presented.encode("utf-8", "surrogatepass")
        found = None
        for token in self._known:  # all of them, so that the time tells nothing
            if secrets.compare_digest(token.reveal().encode(), given):
                found = token
        return found
