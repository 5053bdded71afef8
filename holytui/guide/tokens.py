"""The bearer tokens of the guide's server: each can expire for one model, and be renewed."""

from __future__ import annotations

import secrets
import threading
from enum import StrEnum

from holytui.secret import Secret

_CAPACITY = 8  # older tokens are forgotten; a client with one of them is told to refresh it


class TokenStatus(StrEnum):
    """The validity of a token."""

    VALID = "valid"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Tokens:
    """The tokens that were issued. Thread-safe."""

    __slots__ = ("_expired", "_issued", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._issued = [Secret(secrets.token_urlsafe(32))]
        self._expired: set[tuple[Secret, str]] = set()

    @property
    def current(self) -> Secret:
        """The newest token."""
        with self._lock:
            return self._issued[-1]

    def renew(self) -> Secret:
        """Issue a token, valid for every model. Older tokens stay as valid as they were."""
        token = Secret(secrets.token_urlsafe(32))
        with self._lock:
            self._issued.append(token)
            dropped = self._issued[:-_CAPACITY]
            del self._issued[:-_CAPACITY]
            self._expired = {(old, model) for old, model in self._expired if old not in dropped}
        return token

    def expire(self, presented: str, model: str) -> None:
        """Refuse the token `presented` for `model` from now on."""
        with self._lock:
            found = self._find(presented)
            if found is not None:
                self._expired.add((found, model))

    def check(self, presented: str, model: str = "") -> TokenStatus:
        """Return the validity of `presented` for `model`."""
        with self._lock:
            found = self._find(presented)
            if found is None:
                return TokenStatus.UNKNOWN
            return TokenStatus.EXPIRED if (found, model) in self._expired else TokenStatus.VALID

    def _find(self, presented: str) -> Secret | None:
        given = presented.encode("utf-8", "surrogatepass")
        found = None
        for token in self._issued:  # all of them, so that the time reveals nothing
            if secrets.compare_digest(token.reveal().encode(), given):
                found = token
        return found
