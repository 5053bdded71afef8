"""From a model's name to where its requests go."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from holytui.config.presets import GUIDE, PRESETS, Continuation, Preset, continuation, preset_of
from holytui.config.schema import Config, Model, Provider
from holytui.errors import ModelUnknown, ProviderStopped
from holytui.i18n import _
from holytui.models import ModelRef
from holytui.text import nearest, sanitize_line
from holytui.wire.request import Endpoint

__all__ = ["GUIDE", "PRESETS", "Preset", "Resolved", "find_local", "known_models", "resolve", "usable_presets"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A model that can be asked. For the guide, `endpoint.base_url` is empty: whoever started it fills that in."""

    ref: ModelRef
    endpoint: Endpoint
    model: Model
    provider: Provider
    preset: Preset | None = None
    """The well-known server behind it, if it is one."""

    @property
    def continuation(self) -> Continuation:
        """How the server goes on with a cut answer, as far as it is known beforehand."""
        return continuation(self.provider, self.model.name)


def resolve(config: Config, wanted: ModelRef | str) -> Resolved:
    """The model that `wanted` names: `provider/model`, a provider with one configured model, or a model that just one
    provider has configured. Any model name may be used with a configured or well-known provider.

    Raises ModelUnknown, with the nearest name as its hint; ProviderStopped if its configuration is not understood, so
    that no route leads to an address, a key or a request. `guide/<fault>` is always known.
    """
    ref = wanted if isinstance(wanted, ModelRef) else _parse(config, wanted.strip())
    if ref.provider == GUIDE:
        provider = Provider(GUIDE, "")
    elif ref.provider in config.providers:
        provider = config.providers[ref.provider]
    elif ref.provider in PRESETS:
        provider = PRESETS[ref.provider].provider()
    else:
        raise _unknown(config, ref)
    if reason := provider.stopped or (config.stopped if ref.provider != GUIDE else ""):
        title = _("Nothing is sent to {name} because of a problem in its configuration").format(name=provider.name)
        raise ProviderStopped(title, reason)
    endpoint = Endpoint(
        provider.name,
        provider.base_url,
        provider.chat_path,
        provider.headers,
        provider.proxy,
        provider.ca_file,
        provider.allow_insecure,
    )
    return Resolved(ref, endpoint, provider.models.get(ref.name) or Model(ref.name), provider, preset_of(provider))


def known_models(config: Config) -> tuple[ModelRef, ...]:
    """The default model, then all configured ones, then the guide; each once."""
    refs = [ModelRef.parse(config.default_model)]
    refs += [ModelRef(provider.name, name) for provider in config.providers.values() for name in provider.models]
    refs.append(ModelRef(GUIDE, GUIDE))
    return tuple(dict.fromkeys(refs))


def usable_presets(config: Config, environ: Mapping[str, str] = os.environ) -> tuple[Preset, ...]:
    """Well-known providers that are not configured but could be used at once: their key is in `environ`."""
    return tuple(
        preset
        for preset in PRESETS.values()
        if preset.name not in config.providers and preset.key_env and environ.get(preset.key_env)
    )


def find_local(timeout: float = 0.25, presets: Iterable[Preset] = PRESETS.values()) -> list[str]:
    """Names of the presets on whose usual loopback port somebody listens, sorted; at most `timeout` seconds for all.

    Whether it is that server is not known before it is asked, so these are offers and not facts.
    """
    found: list[str] = []
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as waiting:
        for preset in presets:
            if preset.port is None:
                continue
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            sock.setblocking(False)
            if sock.connect_ex(("127.0.0.1", preset.port)) in (0, errno.EINPROGRESS):
                waiting.register(sock, selectors.EVENT_WRITE, preset.name)
            else:
                sock.close()
        while waiting.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _events in waiting.select(left):
                sock = key.fileobj  # type: ignore[assignment]  # only sockets are registered
                waiting.unregister(sock)
                if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    found.append(key.data)
                sock.close()
        for key in list(waiting.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]  # only sockets are registered
    return sorted(found)


def _parse(config: Config, wanted: str) -> ModelRef:
    try:
        return ModelRef.parse(wanted)
    except ValueError:
        pass
    if wanted == GUIDE:
        return ModelRef(GUIDE, GUIDE)
    if wanted in config.providers and len(config.providers[wanted].models) == 1:
        return ModelRef(wanted, next(iter(config.providers[wanted].models)))
    having = [ref for ref in known_models(config) if ref.name == wanted]
    if len(having) == 1:
        return having[0]
    title = _('"{name}" is not the name of a model').format(name=sanitize_line(wanted))
    if having:
        hint = _("Several providers have it: {names}").format(names=", ".join(map(str, having)))
    elif meant := nearest(wanted, [name for ref in known_models(config) for name in (str(ref), ref.name)]):
        hint = _('Did you mean "{name}"?').format(name=meant)
    else:
        hint = _('Write it as provider/model, such as "holysheep/gpt-4"; "holytui models" lists what is configured')
    raise ModelUnknown(title, hint)


def _unknown(config: Config, ref: ModelRef) -> ModelUnknown:
    title = _('No provider "{name}" is configured').format(name=sanitize_line(ref.provider))
    meant = nearest(ref.provider, [*config.providers, *PRESETS, GUIDE])
    if meant is not None:
        return ModelUnknown(title, _('Did you mean "{name}"?').format(name=f"{meant}/{sanitize_line(ref.name)}"))
    return ModelUnknown(
        title, _('Add [providers."{name}"] to the configuration').format(name=sanitize_line(ref.provider))
    )
