"""The part of a check about providers: each model that is to be checked, from its address to its answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from holytui.config.presets import PRESETS
from holytui.diagnosis.entry import Begin, CheckEntry
from holytui.engine.check.check_target import CheckTarget
from holytui.engine.check.checkup import Checkup
from holytui.engine.check.findings import CheckGroup, CheckTopic, Finding, FindingStatus, as_hints
from holytui.engine.runtime.planner import TurnPlanner
from holytui.errors import ModelUnknown, ProviderBlocked
from holytui.i18n import _
from holytui.providers.resolve import GUIDE, known_models

if TYPE_CHECKING:
    from holytui.bootstrap import Services
    from holytui.config.schema import Config


def choose_model(config: Config, name: str) -> str:
    """Return the model for the name of a model or provider, by default the default model.

    A provider, also a well-known one, stands for the default model if that is one of its models, else for its first
    one. Raises ModelUnknown.
    """
    if not name or "/" in name or not (name in config.providers or name in PRESETS or name == GUIDE):
        return name or config.default_model
    if config.default_model.partition("/")[0] == name:
        return config.default_model
    found = next((str(ref) for ref in known_models(config) if ref.provider == name), "")
    if not found:
        raise ModelUnknown(
            _("The provider {name} has no configured model").format(name=name),
            _("Name one: holytui check {name}/MODEL").format(name=name),
        )
    return found


def all_models(config: Config) -> list[str]:
    """Return one model of each configured provider, the default model first."""
    chosen = {config.default_model.partition("/")[0]: config.default_model}
    for ref in known_models(config):
        if ref.provider != GUIDE:
            chosen.setdefault(ref.provider, str(ref))
    return list(chosen.values())


def unconfigured(config: Config) -> Iterator[CheckEntry]:
    """Yield a line for each configured provider without a configured model, which `all_models` leaves out."""
    checked = {model.partition("/")[0] for model in all_models(config)}
    for name in config.providers:
        if name not in checked:
            text = _("{name}: no model is configured").format(name=name)
            hint = _("Name one: holytui check {name}/MODEL").format(name=name)
            yield CheckEntry(
                CheckGroup.CONNECTION, Finding(FindingStatus.SKIPPED, CheckTopic.MODEL, text, (hint,)), name
            )


def check_model(services: Services, model: str, on_begin: Begin = lambda _topic: None) -> Iterator[CheckEntry]:
    """Check the connection to a model. Blocks on the network; closing the client ends it. Raises ModelUnknown."""
    config = services.config
    planner = TurnPlanner(lambda: config, services.history, services.keyrings.ring_for, None, probe_scale=1.0)
    try:
        resolved = planner.resolve(model)
        name = str(resolved.ref)
        endpoint, keys = planner.endpoint_and_keys(resolved)
        strategy = planner.strategy(resolved, endpoint, resolved.model.params, by_user=True)
        subject = CheckTarget(resolved, endpoint, keys, strategy, resolved.stream(config.stream))
        history = None if services.is_temporary else services.history
        for finding in Checkup(subject, services.client, history, on_begin=on_begin).findings():
            yield CheckEntry(CheckGroup.CONNECTION, finding, name)
    except ProviderBlocked as error:
        blocked = Finding(FindingStatus.FAILED, CheckTopic.MODEL, error.title, as_hints(error.hint))
        yield CheckEntry(CheckGroup.CONNECTION, blocked, model)
    finally:
        planner.close()
