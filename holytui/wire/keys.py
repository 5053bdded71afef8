"""Keys of providers, kept until they end or are refused; one caller at a time asks their source again."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from holytui.config.schema import Provider
from holytui.errors import KeyUnavailable
from holytui.i18n import _
from holytui.secret import Secret
from holytui.wire.key_command import Run, run_command
from holytui.wire.key_sources import (
    FromCommand,
    FromConfig,
    FromEnv,
    FromFile,
    Fstat,
    Key,
    KeySource,
)

if TYPE_CHECKING:
    import httpx

EARLY = 60.0
"""Seconds before its end at which a key is renewed: it must outlive the request that it is sent with."""


class KeyRing:
    """The key of one provider. All methods may be called from any thread."""

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
        """The key, from its source if it is not known yet or about to end; None if the provider has no source.

        May take as long as the source does (10 s). Raises KeyUnavailable.
        """
        if self._source is None:
            return None
        if (key := self._key) is not None and self._good(key, EARLY):
            return key.secret
        with self._lock:
            if (key := self._key) is not None and self._good(key, EARLY):
                return key.secret
            try:
                self._key = self._source.fetch()
            except KeyUnavailable:
                if key is None or not self._good(key, 0.0):
                    raise
                return key.secret  # it could not be renewed early, but is still good for a moment
            return self._key.secret

    def refresh(self, refused: Secret | None) -> Secret:
        """Another key than `refused`, which a server did not accept.

        If another thread has got one meanwhile, that one. Raises KeyUnavailable, also when the source gives the same
        key again; its hint then names the place where a new one is to be put.
        """
        if self._source is None:
            raise KeyUnavailable(
                _("{name} wants a key, and none is configured").format(name=self._provider.name),
                _("Set api_key_env or api_key_command in [providers.{name}]").format(name=self._provider.name),
            )
        with self._lock:
            if self._key is not None and refused is not None and self._key.secret != refused:
                return self._key.secret
            self._key = None
            key = self._source.fetch()
            if key.secret == refused:
                title = _("{name} refused the key, and its source gives no other").format(name=self._provider.name)
                raise KeyUnavailable(title, self._source.fix())
            self._key = key
            return key.secret

    def unset(self) -> str:
        """What to do before the first question if the key's variable is not set; empty if it is, or the key comes from
        elsewhere. Quick."""
        if isinstance(self._source, FromEnv):
            try:
                self._source.fetch()
            except KeyUnavailable as error:
                return str(error)
        return ""

    def describe(self) -> str:
        """Where the key comes from, without it."""
        return self._source.where() if self._source is not None else _("no key")

    @property
    def supplied_by_command(self) -> bool:
        """A program or token server gives the key; then a 403 may mean an expired key, as a 401 does."""
        return self._source is not None and self._source.by_command

    def _good(self, key: Key, early: float) -> bool:
        return key.expires_at is None or self._clock() < key.expires_at - early

    def __repr__(self) -> str:
        return f"KeyRing({self._provider.name!r})"


class KeyRings:
    """One `KeyRing` a provider for the whole process, so that its key is renewed once for all answers."""

    def __init__(self, make: Callable[[Provider], KeyRing] = KeyRing) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._rings: dict[str, tuple[Provider, KeyRing]] = {}

    def of(self, provider: Provider) -> KeyRing:
        """The ring of `provider`; a new one if its configuration has changed."""
        with self._lock:
            kept = self._rings.get(provider.name)
            if kept is None or kept[0] != provider:
                kept = self._rings[provider.name] = (provider, self._make(provider))
            return kept[1]


def _source(
    provider: Provider,
    environ: Mapping[str, str],
    run: Run,
    clock: Callable[[], float],
    transport: httpx.BaseTransport | None,
    fstat: Fstat,
) -> KeySource | None:
    if provider.oauth is not None:
        from holytui.wire.oauth import FromOAuth  # it imports httpx, which the first screen must not wait for

        return FromOAuth(
            provider, provider.oauth, environ=environ, run=run, clock=clock, transport=transport, fstat=fstat
        )
    if provider.api_key_command:
        return FromCommand(provider.api_key_command, run)
    if provider.api_key_file:
        return FromFile(Path(provider.api_key_file), fstat)
    if provider.api_key:
        return FromConfig(provider.api_key, provider.name)
    if provider.api_key_env:
        return FromEnv(provider.api_key_env, environ, provider.api_key_env_file, fstat)
    return None
