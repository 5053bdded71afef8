"""Resolution of model names to endpoints."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from holytui.config.effort import Effort, effort_params
from holytui.config.presets import GUIDE, NO_CONTINUATION, PRESETS, Continuation, Preset, continuation, preset_of
from holytui.config.schema import Api, Config, Model, Provider, Stream
from holytui.errors import ModelUnknown, ProviderBlocked
from holytui.i18n import _
from holytui.models import ModelRef
from holytui.text import nearest, sanitize_line
from holytui.wire.request import Endpoint

__all__ = ["GUIDE", "PRESETS", "Preset", "Resolved", "find_local", "known_models", "resolve", "usable_presets"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A model and its endpoint. For the guide, `endpoint.base_url` is empty until its server is started."""

    ref: ModelRef
    endpoint: Endpoint
    model: Model
    provider: Provider
    preset: Preset | None = None
    """Preset of the server, if it is a well-known one."""

    def stream(self, general: Stream) -> Stream:
        """Return the settings `general` of `[stream]` with those of the provider in place."""
        names = ("connect_timeout", "idle_timeout", "first_token_timeout", "token_timeout")
        own = {name: value for name in names if (value := getattr(self.provider, name)) is not None}
        return replace(general, **own)

    def effort_params(self, level: Effort, params: Mapping[str, object]) -> Mapping[str, object]:
        """Return the parameters that set a level of reasoning effort, beside `params`; empty if there are none."""
        if self.ref.provider == GUIDE:
            return {}
        form = self.preset.effort if self.preset is not None and self.endpoint.api is not Api.RESPONSES else None
        return effort_params(level, self.provider, self.model, form, params)

    @property
    def background(self) -> bool:
        """Answers of the Responses API are generated in the background."""
        return self.provider.background if self.model.background is None else self.model.background

    @property
    def continuation(self) -> Continuation:
        """How the server continues an interrupted answer, as far as known in advance."""
        if self.endpoint.api is Api.RESPONSES:
            return NO_CONTINUATION
        return continuation(self.provider, self.model.name)


def resolve(config: Config, name: ModelRef | str) -> Resolved:
    """Resolve `provider/model`, a provider with one configured model, or a model configured for only one provider.

    Any model name is accepted for a configured or well-known provider, and `guide/<fault>` always.

    Raises ModelUnknown, with the closest name as its hint, and ProviderBlocked if the configuration of the provider
    has errors, so that nothing can be sent to it.
    """
    ref = name if isinstance(name, ModelRef) else _parse(config, name.strip())
    if ref.provider == GUIDE:
        provider = Provider(GUIDE, "")
    elif ref.provider in config.providers:
        provider = config.providers[ref.provider]
    elif ref.provider in PRESETS:
        provider = PRESETS[ref.provider].provider()
    else:
        raise _unknown(config, ref)
    if reason := provider.blocked or (config.blocked if ref.provider != GUIDE else ""):
        title = _("Nothing is sent to {name} because of a problem in its configuration").format(name=provider.name)
        raise ProviderBlocked(title, reason)
    model = provider.models.get(ref.name) or Model(ref.name)
    preset = preset_of(provider)
    endpoint = Endpoint(
        provider.name,
        provider.base_url,
        provider.chat_path,
        provider.headers,
        provider.proxy,
        provider.ca_file,
        provider.client_cert,
        provider.client_key,
        provider.query,
        provider.allow_insecure,
        model.api or provider.api,
        preset is not None and preset.obfuscates,
    )
    return Resolved(ref, endpoint, model, provider, preset)


def known_models(config: Config) -> tuple[ModelRef, ...]:
    """Return the default model, all configured models, and the guide, without duplicates."""
    refs = [ModelRef.parse(config.default_model)]
    refs += [ModelRef(provider.name, name) for provider in config.providers.values() for name in provider.models]
    refs.append(ModelRef(GUIDE, GUIDE))
    return tuple(dict.fromkeys(refs))


def usable_presets(config: Config, environ: Mapping[str, str] = os.environ) -> tuple[Preset, ...]:
    """Return presets that are not configured but usable, as their key is in `environ`."""
    return tuple(
        preset
        for preset in PRESETS.values()
        if preset.name not in config.providers and preset.key_env and environ.get(preset.key_env)
    )


def find_local(timeout: float = 0.25, presets: Iterable[Preset] = PRESETS.values()) -> list[str]:
    """Return the sorted names of presets whose default loopback port is open. Blocks for at most `timeout` seconds.

    Another server may listen on that port, so the result is only a suggestion.
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


def _parse(config: Config, name: str) -> ModelRef:
    try:
        return ModelRef.parse(name)
    except ValueError:
        pass
    if name == GUIDE:
        return ModelRef(GUIDE, GUIDE)
    if name in config.providers and len(config.providers[name].models) == 1:
        return ModelRef(name, next(iter(config.providers[name].models)))
    matches = [ref for ref in known_models(config) if ref.name == name]
    if len(matches) == 1:
        return matches[0]
    title = _('"{name}" is not the name of a model').format(name=sanitize_line(name))
    if matches:
        hint = _("Several providers have it: {names}").format(names=", ".join(map(str, matches)))
    elif suggestion := nearest(name, [known for ref in known_models(config) for known in (str(ref), ref.name)]):
        hint = _('Did you mean "{name}"?').format(name=suggestion)
    else:
        hint = _('Write it as provider/model, such as "holysheep/gpt-4o"; "holytui models" lists what is configured')
    raise ModelUnknown(title, hint)


def _unknown(config: Config, ref: ModelRef) -> ModelUnknown:
    title = _('No provider "{name}" is configured').format(name=sanitize_line(ref.provider))
    suggestion = nearest(ref.provider, [*config.providers, *PRESETS, GUIDE])
    if suggestion is not None:
        return ModelUnknown(title, _('Did you mean "{name}"?').format(name=f"{suggestion}/{sanitize_line(ref.name)}"))
    return ModelUnknown(
        title, _('Add [providers."{name}"] to the configuration').format(name=sanitize_line(ref.provider))
    )
