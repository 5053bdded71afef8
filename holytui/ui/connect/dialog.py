"""Connecting a provider: provider, key, test, model, another test, done."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from textual import work
from textual.widgets import OptionList

from holytui.config.schema import Config
from holytui.connect.keys import KeyChoice, KeyPlace, command, key_file, keys_for, variable, with_key
from holytui.connect.targets import Target, custom_target, find_local_servers, name_for, normalized_url, targets
from holytui.connect.trial import Trial
from holytui.connect.writer import ProviderConnection, Saved, save
from holytui.credentials import system_keyring
from holytui.credentials.command import Run, run_command
from holytui.credentials.sources import validate_key
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus
from holytui.engine.ports import Keys
from holytui.errors import HolytuiError
from holytui.i18n import _, ngettext
from holytui.ui.connect import choices as offers
from holytui.ui.connect.choices import Next
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.line_input import LineInput
from holytui.ui.dialogs.steps import StepDialog
from holytui.wire.client import ChatClient

_THREAD = "holytui-connect"
_LOW = 30
"""Rows of a screen on which all marks and the choices below them have room."""


class ConnectDialog(StepDialog):
    """Closes with the model, as `provider/model`, or None; `saved` has the new configuration then."""

    def __init__(
        self,
        config: Config,
        config_file: Path,
        *,
        environ: Mapping[str, str] = os.environ,
        run: Run = run_command,
    ) -> None:
        super().__init__(_("Connect a provider"))
        self.saved: Saved | None = None
        self._config = config
        self._config_file = config_file
        self._environ = environ
        self._run_command = run
        self._found: Mapping[str, tuple[str, ...]] = {}
        self._keyring_problem = ""
        self._target: Target | None = None
        self._key = KeyChoice(KeyPlace.NONE)
        self._keys: Keys | None = None
        self._models: tuple[str, ...] = ()
        self._trial: Trial | None = None
        self._client: ChatClient | None = None
        self._findings: dict[CheckTopic, Finding] = {}

    def on_mount(self) -> None:
        """Look for local servers while the provider is asked for."""
        threading.Thread(target=self._look_around, name=_THREAD, daemon=True).start()

    def on_unmount(self) -> None:
        """End a test that goes on."""
        self.leave()

    def leave(self) -> None:
        """End a test; its thread ends soon, as its connections are closed."""
        self._trial = None
        client, self._client = self._client, None
        if client is not None:
            threading.Thread(target=client.close, name=_THREAD, daemon=True).start()

    def _look_around(self) -> None:
        """Look for local servers and the system keyring. Runs on a thread of its own."""
        client = ChatClient()
        try:
            found = find_local_servers(client)
        finally:
            client.close()
        self.post(lambda: self._set_found(found))
        problem = system_keyring.probe(self._run_command)
        self.post(lambda: self._set_keyring_problem(problem))

    def _set_found(self, found: Mapping[str, tuple[str, ...]]) -> None:
        """Show local servers in the list of providers, with filter and highlight as they are."""
        self._found = found
        if not found or len(self.steps) != 1 or self.is_passing:
            return
        options, typed = self.query_one(OptionList), self.query_one(LineInput).text
        at = options.highlighted
        highlighted = options.get_option_at_index(at).id if at is not None else None
        self.first_step()
        self.query_one(LineInput).value = typed
        self._update()
        ids = [option.id for option in options.options]
        if highlighted in ids:
            options.highlighted = ids.index(highlighted)

    def _set_keyring_problem(self, problem: str) -> None:
        self._keyring_problem = problem

    # -- the provider

    @property
    def _chosen(self) -> Target:
        if self._target is None:
            raise RuntimeError("no provider was chosen")
        return self._target

    def first_step(self) -> None:
        """Ask for the provider."""
        known = targets(self._config, self._found, self._environ)
        self.pick(
            _("Connect a provider"),
            offers.provider_choices(known, self._found),
            self._provider_picked,
            _("use this address"),
            refuse=offers.refuse_address,
            hint=_("type to filter, or paste an address"),
        )

    def _provider_picked(self, value: str) -> None:
        if value == offers.OTHER:
            self.go(self._ask_address)
            return
        known = targets(self._config, self._found, self._environ)
        target = next((target for target in known if target.provider.name == value), None)
        if target is None:
            self._address_typed(value)
        else:
            self._use_target(target)

    def _ask_address(self) -> None:
        self.ask_line(_("Address of the endpoint"), "https://llm.example.com/v1", self._address_typed)

    def _address_typed(self, text: str) -> None:
        try:
            url = normalized_url(text)
        except HolytuiError as error:
            self.note(str(error))
            return
        name = name_for(self._config, url)
        title = _("Name of the provider")
        self.go(lambda: self.ask_line(title, "", lambda typed: self._name_typed(url, typed), name))

    def _name_typed(self, url: str, name: str) -> None:
        try:
            self._use_target(custom_target(self._config, url, name))
        except HolytuiError as error:
            self.note(str(error))

    def _use_target(self, target: Target) -> None:
        if target.provider.blocked:
            self.note(target.provider.blocked)
            return
        self._target = target
        if target.is_local and not target.has_key_source:
            self._use_key(KeyChoice(KeyPlace.NONE))
        else:
            self.go(self._ask_key_place)

    # -- the key

    def _ask_key_place(self) -> None:
        self.pick(
            _("Key of {name}").format(name=self._chosen.title),
            offers.key_choices(self._chosen, self._environ, self._keyring_problem),
            self._place_picked,
            # a key that is pasted at once, before a place for it was chosen, must not be shown
            secret=lambda text: self._key_typed(KeyPlace.FILE, text),
            hint=_("paste the key, which is not shown, or choose below"),
        )

    def _place_picked(self, value: str) -> None:
        match value:
            case offers.TYPED_FILE | offers.TYPED_KEYRING:
                place = KeyPlace.FILE if value == offers.TYPED_FILE else KeyPlace.KEYRING
                title = _("Paste the key of {name}; it is not shown").format(name=self._chosen.title)
                self.go(lambda: self.ask_line(title, "", lambda text: self._key_typed(place, text), hidden=True))
            case KeyPlace.COMMAND:
                title = _("Command that prints the key")
                self.go(
                    lambda: self.ask_line(title, "pass show holysheep", lambda text: self._source_typed(command, text))
                )
            case offers.OTHER_VARIABLE:
                title = _("Name of the environment variable")
                self.go(
                    lambda: self.ask_line(title, "EXAMPLE_API_KEY", lambda text: self._source_typed(variable, text))
                )
            case KeyPlace.FILE:
                title = _("File that holds the key")
                self.go(
                    lambda: self.ask_line(title, "~/.holysheep-key", lambda text: self._source_typed(key_file, text))
                )
            case KeyPlace.ENVIRONMENT:
                self._use_key(KeyChoice(KeyPlace.ENVIRONMENT, self._chosen.key_env))
            case _:
                self._use_key(KeyChoice(KeyPlace(value)))

    def _key_typed(self, place: KeyPlace, text: str) -> None:
        self.query_one(LineInput).value = ""
        try:
            secret = validate_key(text, _("your input"))
        except HolytuiError as error:
            self.note(str(error))
        else:
            self._use_key(KeyChoice(place, secret=secret))

    def _source_typed(self, parse: Callable[[str], KeyChoice], text: str) -> None:
        try:
            key = parse(text)
        except HolytuiError as error:
            self.note(str(error))
        else:
            self._use_key(key)

    def _use_key(self, key: KeyChoice) -> None:
        self._key = key
        provider = with_key(self._chosen.provider, key, self._config_file)
        self._keys = keys_for(provider, key)
        self.go(self._test_reach, passing=True)

    # -- the test

    def _test_reach(self) -> None:
        self._findings = {}
        title = _("Testing {name}").format(name=self._chosen.title)
        self._test(title, lambda trial: trial.reach(), self._reached)

    def _reached(self, trial: Trial) -> None:
        self._models = trial.models
        if trial.failed is None:
            self.go(self._ask_model)
            return
        # some servers answer a request without a key with an internal error
        wants_key = trial.failed is CheckTopic.HTTP and self._key.place is KeyPlace.NONE
        choices = offers.after_failure(trial.better_url, key_failed=wants_key or trial.failed is CheckTopic.KEY)
        self._offer(_("{name} cannot be used yet").format(name=self._chosen.title), choices, trial.better_url)

    def _test(self, title: str, steps: Callable[[Trial], Iterator[Finding]], then: Callable[[Trial], None]) -> None:
        """Show findings as they come, then call `then`, unless another step has begun."""
        provider = with_key(self._chosen.provider, self._key, self._config_file)
        if self._keys is None:
            raise RuntimeError("no key was chosen")
        self._client = ChatClient()
        trial = self._trial = Trial(provider, self._keys, self._client, self._config.stream)
        self.pick(title, (), lambda _value: None)
        self._show_marks(_("testing…"))

        def run() -> None:
            try:
                for finding in steps(trial):
                    self.post(lambda finding=finding: self._mark(trial, finding))  # type: ignore[misc]  # bound now
            except HolytuiError as error:
                words = str(error)
                self.post(lambda: self.note(words))
            else:
                self.post(lambda: then(trial) if self._trial is trial else None)

        threading.Thread(target=run, name=_THREAD, daemon=True).start()

    def _mark(self, trial: Trial, finding: Finding) -> None:
        if self._trial is trial:
            self._findings[finding.topic] = finding
            self._show_marks(_("testing…"))

    def _show_marks(self, running: str = "") -> None:
        self.show_text(offers.marks(self._findings, self.query_one("#dialog-text-above").size.width or 80, running))

    def _offer(self, title: str, choices: list[Choice], better_url: str = "") -> None:
        """Offer the next steps after a test, below its marks; on a low screen only below those of problems."""
        self.pick(title, choices, lambda value: self._next(value, better_url))
        if self.app.size.height < _LOW:
            self._findings = {
                topic: finding
                for topic, finding in self._findings.items()
                if finding.status in (FindingStatus.FAILED, FindingStatus.WARNING)
            }
        if self._findings:
            self._show_marks()

    def _next(self, value: str, better_url: str) -> None:
        match value:
            case Next.BETTER:
                self._target = custom_target(self._config, better_url, self._chosen.provider.name)
                self.go(self._test_reach, passing=True)
            case Next.AGAIN:
                self.go(self._test_reach, passing=True)
            case Next.KEY:
                self.go(self._ask_key_place)
            case Next.MODEL:
                self.go(self._ask_model)
            case Next.DEFAULT | Next.ONCE:
                self.is_locked = True
                self._save(self._model, is_default=value == Next.DEFAULT)

    # -- the model

    def _ask_model(self) -> None:
        name, count = self._chosen.title, len(self._models)
        if not count:
            self.ask_line(_("Model of {name}, by its name").format(name=name), "deepseek-v3.2", self._model_picked)
            return
        title = ngettext("{count} model of {provider}", "{count} models of {provider}", count)
        choices = [Choice(model, model) for model in self._models]
        self.pick(title.format(count=count, provider=name), choices, self._model_picked, _("another model"))

    def _model_picked(self, model: str) -> None:
        if model.strip():
            self._model = model.strip()
            self.go(self._test_answer, passing=True)

    def _test_answer(self) -> None:
        self._findings = {}
        title = _("Testing {name}").format(name=self._model)
        self._test(title, lambda trial: trial.answer(self._model), self._answered)

    def _answered(self, trial: Trial) -> None:
        words = _("{name} answers") if trial.failed is None else _("{name} does not answer")
        self._offer(words.format(name=self._model), offers.to_save(trial.failed))

    @work(group="connect", exit_on_error=False)
    async def _save(self, model: str, *, is_default: bool) -> None:
        provider = with_key(self._chosen.provider, self._key, self._config_file)
        connection = ProviderConnection(provider, self._key, model, is_default)
        try:
            self.saved = await asyncio.to_thread(save, connection, self._config_file)
        except HolytuiError as error:
            self.note(str(error))
        finally:
            self.is_locked = False
        if self.saved is not None:
            self.dismiss(str(connection.ref))
