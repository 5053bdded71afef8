"""What a conversation is asked with: model, system prompt, parameters. Each applies from the next question on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from holytui import formatting as fmt
from holytui.bootstrap import Services, model_names, server_models
from holytui.config import params_line
from holytui.config.presets import GUIDE
from holytui.config.schema import Config
from holytui.engine.context import system_prompt
from holytui.errors import HolytuiError
from holytui.faults import Fault
from holytui.guide.faults import describe
from holytui.i18n import _, ngettext
from holytui.models import ModelRef
from holytui.presentation.labels import cause
from holytui.presentation.notice import Level
from holytui.text import nfc, sanitize, sanitize_line
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import LineDialog, Picker
from holytui.ui.dialogs.text import TextDialog
from holytui.ui.reporting import ask

if TYPE_CHECKING:
    from holytui.ui.chat.screen import ChatScreen

_ASK = "ask the server:"
_NONE, _WRITE, _PARAMS, _PROMPT = "none", "write", "params", "prompt:"


# -- model


def pick_model(screen: ChatScreen) -> None:
    """Choose among the models that are known, own ones first; servers can be asked for theirs."""
    services = screen.services
    if services is None:
        return
    config = services.config
    names = model_names(config)
    if screen.model not in names:
        names.insert(0, screen.model)
    faults = [name for name in names if name.startswith(f"{GUIDE}/") and name != str(ModelRef(GUIDE, GUIDE))]
    own = [Choice(name, name, remark(config, name)) for name in names if not name.startswith(f"{GUIDE}/")]
    servers = [
        Choice(_ASK + name, _("ask {provider} for its models…").format(provider=name))
        for name in _servers(config, screen.model)
    ]
    heading = Choice("", _("The guide with one fault, to see how holytui recovers"))
    trials = [Choice(name, name, remark(config, name)) for name in faults]
    guide = str(ModelRef(GUIDE, GUIDE))
    choices = [*own, *servers, Choice(guide, guide, remark(config, guide)), heading, *trials]
    _show_models(screen, services, _("Model for the next question"), choices)


def _show_models(screen: ChatScreen, services: Services, title: str, choices: list[Choice]) -> None:
    async def chosen(value: str | None) -> None:
        if value and value.startswith(_ASK):
            await _ask_server(screen, services, value.removeprefix(_ASK))
        elif value:
            await use_model(screen, services, value)

    free = _("another model, as provider/model")

    def refuse(typed: str) -> str:
        return refusal(services.config, typed) if "/" in typed else free

    ask(screen, Picker(title, choices, screen.model, free, refuse), chosen)


def refusal(config: Config, model: str) -> str:
    """Why `model` cannot be asked; empty if it can."""
    # imported here, as the first paint does not wait for the engine
    from holytui.providers.resolve import resolve

    try:
        resolve(config, model)
    except HolytuiError as error:
        return error.title
    return ""


async def name_model(screen: ChatScreen, services: Services, wanted: str) -> None:
    """Use the model that was named. Raises ModelUnknown."""
    # imported here, as the first paint does not wait for the engine
    from holytui.providers.resolve import resolve

    await use_model(screen, services, str(resolve(services.config, wanted).ref))


async def use_model(screen: ChatScreen, services: Services, model: str) -> None:
    """From the next question on."""
    screen.model = model
    if screen.conversation_id:
        await asyncio.to_thread(services.history.update_conversation, screen.conversation_id, model=model)
    elif not screen.log_view.entries:
        screen.welcome()
    screen.paint_status()
    screen.bar.weigh()


def _servers(config: Config, model: str) -> list[str]:
    """The providers that can be asked: configured ones, and that of the model in use."""
    names = [*config.providers, model.partition("/")[0]]
    return [name for name in dict.fromkeys(names) if name and name != GUIDE]


async def _ask_server(screen: ChatScreen, services: Services, provider: str) -> None:
    screen.say(_("asking {provider} for its models").format(provider=provider), Level.BUSY)
    try:
        found = await asyncio.to_thread(server_models, services, provider)
    except HolytuiError as error:
        screen.say(error.told, Level.ERROR)
        return
    if isinstance(found, Fault):
        words = _("{provider} did not list its models: {cause}").format(provider=provider, cause=cause(found))
        screen.say(words + (f" · {found.message}" if found.message else ""), Level.ERROR)
        return
    screen.paint_status()
    title = ngettext("{count} model of {provider}", "{count} models of {provider}", len(found))
    choices = await asyncio.to_thread(_choices, services.config, provider, found)
    _show_models(screen, services, title.format(count=len(found), provider=provider), choices)


def _choices(config: Config, provider: str, names: Sequence[str]) -> list[Choice]:
    """The models of a server. Takes a second for the longest lists."""
    return [Choice(name, name, remark(config, name)) for name in (f"{provider}/{name}" for name in names)]


def remark(config: Config, name: str) -> str:
    """What to know of a model when choosing it: its context and price, or what the guide's model does."""
    ref = ModelRef.parse(name)
    if ref.provider == GUIDE:
        return describe(ref.name)
    provider = config.providers.get(ref.provider)
    model = provider.models.get(ref.name) if provider is not None else None
    if model is None:
        return ""
    parts = [_("sees images")] if model.vision else []
    if model.context:
        parts.append(_("{count} context").format(count=fmt.count(model.context)))
    if model.price is not None:
        parts.append(_("{input} / {output} per million").format(input=model.price.input, output=model.price.output))
    return " · ".join(parts)


# -- system prompt and parameters


async def pick_system(screen: ChatScreen) -> None:
    """Choose a system prompt of the library, write one, or set parameters."""
    services = screen.services
    if services is None:
        return
    system, given = await asyncio.to_thread(in_force, screen, services)
    prompts = services.config.prompts
    current = next((_PROMPT + name for name, text in prompts.items() if text == system), _WRITE if system else _NONE)
    choices = [Choice(_PROMPT + name, name, _line(text)) for name, text in prompts.items()]
    choices += [
        Choice(_NONE, _("no system prompt")),
        Choice(_WRITE, _("write one…"), _line(system) if current == _WRITE else ""),
        Choice(_PARAMS, _("parameters…"), params_line.shown(given)),
    ]

    async def chosen(value: str | None) -> None:
        match value:
            case None:
                pass
            case "none":
                await _use_system(screen, services, "")
            case "write":
                _write(screen, services, system)
            case "params":
                _ask_params(screen, services, given)
            case _:
                await _use_system(screen, services, prompts[value.removeprefix(_PROMPT)])

    ask(screen, Picker(_("System prompt and parameters of this conversation"), choices, current), chosen)


def in_force(screen: ChatScreen, services: Services) -> tuple[str, Mapping[str, object]]:
    """System prompt and parameters of the next question. Blocks on the disk."""
    found = services.history.conversation(screen.conversation_id) if screen.conversation_id else None
    if found is not None:
        return found.system, found.params
    settings, config = screen.settings, services.config
    wanted = config.system if settings.system is None else settings.system
    return system_prompt(wanted, config.prompts), settings.params


def _line(text: str) -> str:
    line = sanitize_line(text)
    return line if len(line) <= 60 else line[:59] + "…"


def _write(screen: ChatScreen, services: Services, system: str) -> None:
    async def written(text: str | None) -> None:
        if text is not None:
            await _use_system(screen, services, sanitize(nfc(text)).strip())

    ask(screen, TextDialog(_("System prompt of this conversation"), system), written)


async def _use_system(screen: ChatScreen, services: Services, text: str) -> None:
    if screen.conversation_id:
        await asyncio.to_thread(services.history.update_conversation, screen.conversation_id, system=text)
        await screen.open_conversation(screen.conversation_id)
    else:
        screen.settings = replace(screen.settings, system=text)
        screen.welcome()
    screen.say(_("the system prompt applies from the next question on") if text else _("no system prompt from now on"))


def _ask_params(screen: ChatScreen, services: Services, given: Mapping[str, object]) -> None:
    async def written(line: str | None) -> None:
        if line is None:
            return
        found = params_line.read(line)
        if isinstance(found, str):
            screen.say(found, Level.ERROR)
            return
        if screen.conversation_id:
            await asyncio.to_thread(services.history.update_conversation, screen.conversation_id, params=found)
        else:
            screen.settings = replace(screen.settings, params=found)
        screen.say(_("from the next question on: {params}").format(params=params_line.shown(found) or "–"))

    title = _("Parameters, such as temperature = 0.7, max_tokens = 1000")
    ask(screen, LineDialog(title, params_line.shown(given)), written)
