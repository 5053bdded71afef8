"""Choosing the model of the next question."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from holytui import formatting
from holytui.bootstrap import list_server_models, model_names
from holytui.config.presets import GUIDE
from holytui.errors import HolytuiError
from holytui.faults import Fault
from holytui.guide.faults import describe
from holytui.i18n import _, ngettext
from holytui.models import ModelRef
from holytui.presentation.labels import cause
from holytui.presentation.notice import Level
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import Picker
from holytui.ui.slash_commands import name_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from holytui.config.schema import Config
    from holytui.ui.ports import Dialogs, Reporter, StatusDisplay
    from holytui.ui.state import ChatState

_ASK = "ask the server:"
_CONNECT = "connect a provider"


class ModelPicker:
    """Picks a model, by name or from a list. The methods raise HolytuiError."""

    def __init__(
        self,
        state: ChatState,
        *,
        status: StatusDisplay,
        dialogs: Dialogs,
        reporter: Reporter,
        welcome: Callable[[], None],
        run: Callable[[str], Awaitable[None]],
    ) -> None:
        """`welcome` fills the transcript of an empty conversation, which names the model; `run` runs an action."""
        self._state = state
        self._status = status
        self._dialogs = dialogs
        self._reporter = reporter
        self._welcome = welcome
        self._run = run

    async def pick(self, name: str = "") -> None:
        """Use the named model; without a name let the user choose among the known ones. Raises ModelUnknown."""
        if not name:
            self._show_known()
            return
        # imported here, so that the first paint does not wait for the engine
        from holytui.providers.resolve import resolve

        await self.use(str(resolve(self._state.services.config, name).ref))

    async def use(self, model: str) -> None:
        """Use a model from the next question on."""
        state = self._state
        state.model = model
        if state.conversation.id:
            await asyncio.to_thread(state.services.history.update_conversation, state.conversation.id, model=model)
        else:
            self._welcome()
        self._status.refresh()
        self._status.estimate_context()

    async def choices(self) -> list[Choice]:
        """The known models, for the setting of the default model."""
        config = self._state.services.config
        return [Choice(name, name, remark(config, name)) for name in model_names(config)]

    def _show_known(self) -> None:
        """Show configured models first, then servers whose models can be listed."""
        config, model = self._state.services.config, self._state.model
        names = model_names(config)
        if model not in names:
            names.insert(0, model)
        guide = str(ModelRef(GUIDE, GUIDE))
        faults = [name for name in names if name.startswith(f"{GUIDE}/") and name != guide]
        own = [Choice(name, name, remark(config, name)) for name in names if not name.startswith(f"{GUIDE}/")]
        servers = [
            Choice(_ASK + name, _("ask {provider} for its models…").format(provider=name))
            for name in _servers(config, model)
        ]
        heading = Choice("", _("The guide with one fault, to see how holytui recovers"))
        trials = [Choice(name, name, remark(config, name)) for name in faults]
        connect = Choice(_CONNECT, _("connect a provider…"), name_of("app.connect"))
        choices = [*own, *servers, connect, Choice(guide, guide, remark(config, guide)), heading, *trials]
        self._show(_("Model for the next question"), choices)

    def _show(self, title: str, choices: list[Choice]) -> None:
        async def chosen(value: str | None) -> None:
            if value and value.startswith(_ASK):
                await self._ask_server(value.removeprefix(_ASK))
            elif value == _CONNECT:
                await self._run("app.connect")
            elif value:
                await self.use(value)

        config = self._state.services.config
        free = _("another model, as provider/model")

        def refuse(typed: str) -> str:
            return refusal(config, typed) if "/" in typed else free

        self._dialogs.ask(Picker(title, choices, self._state.model, free, refuse), chosen)

    async def _ask_server(self, provider: str) -> None:
        services, say = self._state.services, self._reporter.say
        say(_("asking {provider} for its models").format(provider=provider), Level.BUSY)
        try:
            found = await asyncio.to_thread(list_server_models, services, provider)
        except HolytuiError as error:
            say(error.full_text, Level.ERROR)
            return
        if isinstance(found, Fault):
            words = _("{provider} did not list its models: {cause}").format(provider=provider, cause=cause(found))
            say(words + (f" · {found.message}" if found.message else ""), Level.ERROR)
            return
        self._status.refresh()
        title = ngettext("{count} model of {provider}", "{count} models of {provider}", len(found))
        choices = await asyncio.to_thread(_choices, services.config, provider, found)
        self._show(title.format(count=len(found), provider=provider), choices)


def _choices(config: Config, provider: str, names: Sequence[str]) -> list[Choice]:
    """The models of a server as choices. Takes a second for the longest lists."""
    return [Choice(name, name, remark(config, name)) for name in (f"{provider}/{name}" for name in names)]


def _servers(config: Config, model: str) -> list[str]:
    """Providers whose models can be listed: configured ones, and that of the model in use."""
    names = [*config.providers, model.partition("/")[0]]
    return [name for name in dict.fromkeys(names) if name and name != GUIDE]


def refusal(config: Config, model: str) -> str:
    """The reason why `model` cannot be used, or empty."""
    # imported here, so that the first paint does not wait for the engine
    from holytui.providers.resolve import resolve

    try:
        resolve(config, model)
    except HolytuiError as error:
        return error.title
    return ""


def remark(config: Config, name: str) -> str:
    """Context and price of a model, or the fault that a model of the guide shows."""
    ref = ModelRef.parse(name)
    if ref.provider == GUIDE:
        return describe(ref.name)
    provider = config.providers.get(ref.provider)
    model = provider.models.get(ref.name) if provider is not None else None
    if model is None:
        return ""
    parts = [_("sees images")] if model.vision else []
    if model.context:
        parts.append(_("{count} context").format(count=formatting.count(model.context)))
    if model.price is not None:
        parts.append(_("{input} / {output} per million").format(input=model.price.input, output=model.price.output))
    return " · ".join(parts)
