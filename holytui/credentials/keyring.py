"""Cache of the providers' keys. A key is fetched again when it expires or is refused, by one thread at a time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from holytui.config.schema import Provider
from holytui.credentials.command import Run, run_command
from holytui.credentials.sources import (
    CommandSource,
    ConfigSource,
    EnvironmentSource,
    FileSource,
    Fstat,
    Key,
    KeySource,
)
from holytui.credentials.system_keyring import KeyringSource
from holytui.errors import KeyUnavailable
from holytui.i18n import _
from holytui.secret import Secret

if TYPE_CHECKING:
    import httpx

RENEWAL_MARGIN = 60.0
"""Seconds before its expiry at which a key is renewed, so that it stays valid for the request."""


class KeyRing:
    """Cached key of one provider. Thread-safe."""

    def __init__(
        self,
        provider: Provider,
        *,
        environ: Mapping[str, str] = os.environ,
        run: Run = run_command,
        clock: Callable[[], float] = time.time,
        transport: httpx.BaseTransport | None = None,
        fstat: Fstat = os.fstat,
    ) -> None:
        self._provider = provider
        self._clock = clock
        self._source = _source(provider, environ, run, clock, transport, fstat)
        self._lock = threading.Lock()
        self._key: Key | None = None

    def get(self) -> Secret | None:
        """Return the key, fetched if it is not cached or about to expire; None if the provider has no source.

        May block for 10 s. Raises KeyUnavailable.
        """
        if self._source is None:
            return None
        if (key := self._key) is not None and self._is_valid(key, RENEWAL_MARGIN):
            return key.secret
        with self._lock:
            if (key := self._key) is not None and self._is_valid(key, RENEWAL_MARGIN):
                return key.secret
            try:
                self._key = self._source.fetch()
            except KeyUnavailable:
                if key is None or not self._is_valid(key, 0.0):
                    raise
                return key.secret  # renewing early failed, but the key is still valid
            return self._key.secret

    def refresh(self, refused: Secret | None) -> Secret:
        """Return another key than `refused`: the one that another thread has fetched meanwhile, or a new one.

        Raises KeyUnavailable, also if the source returns the refused key again; its hint names the remedy.
        """
        if self._source is None:
            raise KeyUnavailable(
                _("{name} requires a key, and none is configured").format(name=self._provider.name),
                _("Set api_key_env or api_key_command in [providers.{name}]").format(name=self._provider.name),
            )
        with self._lock:
            if self._key is not None and refused is not None and self._key.secret != refused:
                return self._key.secret
            self._key = None
            key = self._source.fetch()
            if key.secret == refused:
                title = _("{name} refused the key, and its source has no other").format(name=self._provider.name)
                raise KeyUnavailable(title, self._source.remedy())
            self._key = key
            return key.secret

    def missing_variable(self) -> str:
        """Return the error and remedy if the key's environment variable is not set; empty otherwise.

        Empty also for other sources. Does not block."""
        if isinstance(self._source, EnvironmentSource):
            try:
                self._source.fetch()
            except KeyUnavailable as error:
                return str(error)
        return ""

    def describe(self) -> str:
        """Return a description of the key's source, without the key."""
        return self._source.describe() if self._source is not None else _("no key")

    @property
    def supplied_by_command(self) -> bool:
        """Whether a program or token server supplies the key; then a 403, like a 401, may mean that it has expired."""
        return self._source is not None and self._source.by_command

    def _is_valid(self, key: Key, margin: float) -> bool:
        return key.expires_at is None or self._clock() < key.expires_at - margin

    def __repr__(self) -> str:
        return f"KeyRing({self._provider.name!r})"


class KeyRings:
    """One `KeyRing` per provider for the whole process, so that all answers share its key. Thread-safe."""

    def __init__(self, make: Callable[[Provider], KeyRing] = KeyRing) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._rings: dict[str, tuple[Provider, KeyRing]] = {}

    def ring_for(self, provider: Provider) -> KeyRing:
        """Return the ring of `provider`; a new one if its configuration has changed."""
        with self._lock:
            entry = self._rings.get(provider.name)
            if entry is None or entry[0] != provider:
                entry = self._rings[provider.name] = (provider, self._make(provider))
            return entry[1]

    def forget(self, name: str) -> None:
        """Forget the key of the provider `name`: its source may have another one."""
        with self._lock:
            self._rings.pop(name, None)


def _source(
    provider: Provider,
    environ: Mapping[str, str],
    run: Run,
    clock: Callable[[], float],
    transport: httpx.BaseTransport | None,
    fstat: Fstat,
) -> KeySource | None:
    if provider.oauth is not None:
        from holytui.credentials.oauth import OAuthSource  # imports httpx, which would delay the first screen

        return OAuthSource(
            provider, provider.oauth, environ=environ, run=run, clock=clock, transport=transport, fstat=fstat
        )
    if provider.api_key_command:
        return CommandSource(provider.api_key_command, run)
    if provider.api_key_file:
        return FileSource(Path(provider.api_key_file), fstat)
    if provider.api_key_keyring:
        return KeyringSource(provider.api_key_keyring, run)
    if provider.api_key:
        return ConfigSource(provider.api_key, provider.name)
    if provider.api_key_env:
        return EnvironmentSource(provider.api_key_env, environ, provider.api_key_env_file, fstat)
    return None
