"""Providers that can be connected: presets, configured ones, local servers, and any other address."""

from __future__ import annotations

import os
import queue
import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from holytui.config.load import KEY_SOURCES
from holytui.config.presets import GUIDE, PRESETS, Preset
from holytui.config.schema import Config, Provider
from holytui.config.urls import host_of, is_local_url, is_loopback, unix_address
from holytui.errors import ConfigError
from holytui.faults import Fault
from holytui.i18n import _
from holytui.providers.resolve import find_local
from holytui.secret import Secret
from holytui.text import sanitize_line
from holytui.wire.request import Endpoint

_LIST_SECONDS = 1.5
"""Time limit of a local server's list of models."""
_ENDS = ("/chat/completions", "/completions", "/models")


@dataclass(frozen=True, slots=True)
class Target:
    """A provider that can be connected."""

    provider: Provider
    """As configured, or as its preset has it."""
    title: str
    key_env: str = ""
    """Usual environment variable of its key; empty if it has none."""
    is_local: bool = False
    """A server on this machine, which usually needs no key."""
    is_configured: bool = False
    models: tuple[str, ...] = ()
    """Models of a local server that was found."""

    @property
    def has_key_source(self) -> bool:
        """The configuration names the source of its key."""
        return self.is_configured and any(getattr(self.provider, field) for field in KEY_SOURCES)


class ModelLister(Protocol):
    """Lists an endpoint's models (`wire.client.ChatClient`)."""

    def list_models(self, endpoint: Endpoint, key: Secret | None, timeout: float) -> list[str] | Fault:
        """Return the names of the models."""
        ...


def find_local_servers(
    lister: ModelLister, presets: Iterable[Preset] = PRESETS.values(), seconds: float = _LIST_SECONDS
) -> Mapping[str, tuple[str, ...]]:
    """Return the models of servers on the usual loopback ports, by the name of their preset.

    Blocks for `seconds` and a quarter at most. A server that lists no models is left out: another program may listen on
    that port.
    """
    by_name = {preset.name: preset for preset in presets}
    results: queue.SimpleQueue[tuple[str, list[str] | Fault]] = queue.SimpleQueue()

    def ask(preset: Preset) -> None:
        results.put((preset.name, lister.list_models(Endpoint(preset.name, preset.base_url), None, seconds)))

    open_ports = find_local(presets=by_name.values())
    for name in open_ports:
        threading.Thread(target=ask, args=(by_name[name],), name="holytui-local", daemon=True).start()
    found: dict[str, tuple[str, ...]] = {}
    deadline = time.monotonic() + seconds
    for _number in open_ports:
        try:
            name, listed = results.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if not isinstance(listed, Fault):
            found[name] = tuple(listed)
    return found


def targets(
    config: Config, found: Mapping[str, tuple[str, ...]] | None = None, environ: Mapping[str, str] = os.environ
) -> Sequence[Target]:
    """Return what can be connected: HolySheep, local servers that were found, presets whose key is in `environ`, other
    presets, and other configured providers."""
    found = found or {}
    known = [_of_preset(config, preset, found.get(preset.name, ())) for preset in PRESETS.values()]
    others = [
        Target(provider, provider.name, is_local=is_local_url(provider.base_url), is_configured=True)
        for provider in config.providers.values()
        if provider.name not in PRESETS
    ]

    def rank(target: Target) -> int:
        name = target.provider.name
        if name == "holysheep":
            return 0
        if name in found:
            return 1
        return 2 if target.key_env and environ.get(target.key_env) else 3

    return [*sorted(known, key=rank), *others]


def target_for(config: Config, name: str) -> Target | None:
    """Return the target of a preset or configured provider; None for another name."""
    return next((target for target in targets(config) if target.provider.name == name), None)


def normalized_url(text: str) -> str:
    """Return the base URL that `text` means: with a scheme, without the path of a request. Raises ConfigError."""
    text = text.strip()
    if text.startswith(("/", "unix:/")):
        text = f"http+unix:///{text.removeprefix('unix:').lstrip('/')}"
    if unix_address(text) is not None:
        return text.rstrip("/")
    if "://" not in text:
        host = host_of(f"http://{text}") or ""
        text = f"{'http' if is_loopback(host) else 'https'}://{text}"
    wrong = ConfigError(
        _("“{text}” is not an address").format(text=sanitize_line(text.partition("://")[2].rpartition("@")[2])),
        _("An address such as https://host/v1, without user or query, is expected"),
    )
    if not host_of(text):
        raise wrong
    parts = urlsplit(text)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise wrong
    path = parts.path.rstrip("/")
    for end in _ENDS:
        path = path.removesuffix(end)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def name_for(config: Config, url: str) -> str:
    """Return a name for the provider at `url`: that of a configured one, else one made from its host."""
    for provider in config.providers.values():
        if provider.base_url.rstrip("/") == url.rstrip("/"):
            return provider.name
    unix = unix_address(url)
    host = unix.socket.rpartition("/")[2].removesuffix(".sock").replace(".", "-") if unix else host_of(url) or ""
    labels = [label for label in host.split(".") if label not in ("api", "www", "llm")]
    if is_loopback(host) or not re.search(r"[a-z]", host) or ":" in host:
        base = "local" if is_loopback(host) else "server"
    else:
        base = labels[-2] if len(labels) > 1 else labels[0] if labels else "server"
    base = re.sub(r"[^a-z0-9-]", "-", base.lower())
    taken = {GUIDE, *PRESETS, *config.providers}
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def custom_target(config: Config, url: str, name: str = "") -> Target:
    """Return the target at a typed address, under `name` or one made from it. Raises ConfigError."""
    url = normalized_url(url)
    name = name.strip() or name_for(config, url)
    if name == GUIDE or not re.fullmatch(r"[^\s/]+", name) or sanitize_line(name) != name:
        raise ConfigError(
            _("“{name}” cannot be the name of a provider").format(name=sanitize_line(name)),
            _("It must not be empty, contain spaces or a slash, or be guide"),
        )
    known = target_for(config, name)
    is_local = is_local_url(url)
    if known is not None:
        return replace(known, provider=replace(known.provider, base_url=url), is_local=is_local)
    return Target(Provider(name, url), name, is_local=is_local)


def _of_preset(config: Config, preset: Preset, models: tuple[str, ...]) -> Target:
    configured = config.providers.get(preset.name)
    return Target(
        configured or preset.provider(),
        preset.title,
        preset.key_env,
        preset.port is not None,
        configured is not None,
        models,
    )
