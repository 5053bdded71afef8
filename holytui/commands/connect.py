"""`holytui connect`: connect a provider from the command line, by questions on a terminal or by options alone."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from holytui import logs, paths
from holytui.commands import exit_status
from holytui.commands.check import CheckReport
from holytui.commands.output import confirm, print_line, print_to_stderr, write_text
from holytui.config.load import require_named_file
from holytui.config.presets import GUIDE
from holytui.config.schema import Config
from holytui.connect.keys import KeyChoice, KeyPlace, command, key_file, keys_for, variable, with_key
from holytui.connect.targets import Target, custom_target, find_local_servers, target_for, targets
from holytui.connect.trial import Trial
from holytui.connect.writer import ProviderConnection, Saved, require_editable, save
from holytui.credentials import system_keyring
from holytui.credentials.command import run_command
from holytui.credentials.sources import validate_key
from holytui.engine.check.findings import CheckTopic
from holytui.errors import ConfigError, HolytuiError, ProviderBlocked
from holytui.i18n import _, ngettext
from holytui.models import ModelRef
from holytui.text import nearest, sanitize_line
from holytui.wire.client import ChatClient

_SHOWN_MODELS = 20
"""Models listed at a question."""
_MAX_KEY = 65_536


class NotGiven(HolytuiError):
    """An option is needed, as nobody can be asked."""


class EndOfInput(HolytuiError):
    """The person at the terminal ended the input."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """An answer that can be chosen by its number."""

    value: str
    label: str
    remark: str = ""


def run(options: argparse.Namespace) -> int:
    """Connect; 0 when it is written, 1 when the test fails. Raises HolytuiError for what cannot be used."""
    require_named_file(options.config)
    file = options.config or paths.config_file()
    config = require_editable(file)
    logs.set_level(config.log_level)
    client = ChatClient()
    try:
        return _Connecting(options, config, file, client).run()
    finally:
        client.close()


def connect_by_questions(named_file: Path | None) -> tuple[Config, ModelRef] | None:
    """Ask on the terminal for all that is needed; return the new configuration and the model, or None.

    Raises HolytuiError, also when the person ends the input, and KeyboardInterrupt.
    """
    unset = dict.fromkeys(("provider", "base_url", "key_env", "key_command", "key_file", "model"), "")
    options = argparse.Namespace(**unset, key_stdin=False, default=False, yes=False, plain=True)
    file = named_file or paths.config_file()
    client = ChatClient()
    try:
        connecting = _Connecting(options, require_editable(file), file, client)
        connecting.run()
        return connecting.connected
    finally:
        client.close()


class _Connecting:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace, config: Config, file: Path, client: ChatClient) -> None:
        self._options = options
        self._config = config
        self._file = file
        self._client = client
        self._asks = sys.stdin.isatty() and sys.stderr.isatty() and not options.key_stdin
        """Somebody can be asked for what is missing."""
        self.connected: tuple[Config, ModelRef] | None = None
        """The written configuration and the model."""
        self._report = CheckReport(sys.stdout, live=sys.stdout.isatty() and not options.plain)

    def run(self) -> int:
        target = self._target()
        if target.provider.blocked:
            raise ProviderBlocked(_("{name} cannot be connected").format(name=target.title), target.provider.blocked)
        key = self._key(target)
        while True:
            provider = with_key(target.provider, key, self._file)
            trial = Trial(provider, keys_for(provider, key), self._client, self._config.stream)
            for finding in trial.reach():
                self._report.add(finding)
            if self._asks and trial.failed is CheckTopic.KEY:
                key = self._asked_key(target)
            elif self._asks and trial.better_url and self._agrees(_("Use {url}? [y/N] "), url=trial.better_url):
                target = custom_target(self._config, trial.better_url, target.provider.name)
            else:
                break
        if not self._may_continue(trial):
            return exit_status.FAILED
        model = self._model(target, trial.models)
        for finding in trial.answer(model):
            self._report.add(finding)
        if not self._may_continue(trial):
            return exit_status.FAILED
        connection = ProviderConnection(provider, key, model, self._is_default())
        if self._changes(target, connection) and not self._agrees_to_change(target):
            return exit_status.FAILED
        saved = save(connection, self._file)
        self.connected = saved.config, connection.ref
        self._tell(saved, connection)
        return exit_status.OK

    # -- the provider

    def _target(self) -> Target:
        name, url = self._options.provider, self._options.base_url
        if url:
            return custom_target(self._config, url, name or "")
        if name:
            target = target_for(self._config, name)
            if target is None:
                meant = nearest(name, [each.provider.name for each in targets(self._config)])
                hint = (
                    _('Did you mean "{name}"?').format(name=meant) if meant else _("Name its address: --base-url URL")
                )
                raise ConfigError(_('"{name}" is not a known provider').format(name=sanitize_line(name)), hint)
            return target
        if not self._asks:
            raise NotGiven(_("No provider is named"), _("Use --provider NAME, or --base-url URL"))
        known = targets(self._config, found := find_local_servers(self._client))
        choices = [_Choice(each.provider.name, each.title, _remark(each, found)) for each in known]
        choices.append(_Choice("", _("another OpenAI-compatible endpoint"), _("by its address")))
        picked = self._choose(_("Provider"), choices)
        if picked:
            return next(each for each in known if each.provider.name == picked)
        return custom_target(self._config, self._ask(_("Address")))

    # -- the key

    def _key(self, target: Target) -> KeyChoice:
        options = self._options
        if options.key_env:
            return variable(options.key_env)
        if options.key_command:
            return command(options.key_command)
        if options.key_file:
            file = key_file(options.key_file)
            return replace(file, value=os.path.abspath(os.path.expanduser(str(file.value))))  # noqa: PTH100, PTH111 - leaves an unknown ~user as it is
        if options.key_stdin:
            text = self._hidden(target) if sys.stdin.isatty() else sys.stdin.read(_MAX_KEY)
            return KeyChoice(KeyPlace.FILE, secret=validate_key(text, "--key-stdin"))
        if target.has_key_source:
            return KeyChoice(KeyPlace.UNCHANGED)
        if target.is_local:
            return KeyChoice(KeyPlace.NONE)
        is_set = bool(target.key_env and os.environ.get(target.key_env))
        if not self._asks:
            if is_set:
                return KeyChoice(KeyPlace.ENVIRONMENT, target.key_env)
            hint = _("Use --key-env NAME, --key-command CMD, --key-file FILE or --key-stdin")
            raise NotGiven(_("No key is named for {name}").format(name=target.title), hint)
        return self._asked_key(target)

    def _asked_key(self, target: Target) -> KeyChoice:
        is_set = bool(target.key_env and os.environ.get(target.key_env))
        problem = system_keyring.probe(run_command)
        places = []
        if is_set:
            from_variable = _("from {name}").format(name=target.key_env)
            places.append(_Choice(KeyPlace.ENVIRONMENT, from_variable, _("the variable is set")))
        places.append(_Choice(KeyPlace.FILE, _("paste the key"), _("kept in a file that only you can read")))
        if problem:
            print_to_stderr(problem)
        else:
            places.append(
                _Choice(KeyPlace.KEYRING, _("paste the key into the keyring"), _("kept in the system keyring"))
            )
        places += [
            _Choice(KeyPlace.COMMAND, _("from a command"), "pass show …"),
            _Choice(KeyPlace.NONE, _("no key"), _("the server needs none")),
        ]
        place = KeyPlace(self._choose(_("Key of {name}").format(name=target.title), places))
        match place:
            case KeyPlace.ENVIRONMENT:
                return KeyChoice(place, target.key_env)
            case KeyPlace.COMMAND:
                return command(self._ask(_("Command that prints the key")))
            case KeyPlace.NONE:
                return KeyChoice(place)
        return KeyChoice(place, secret=validate_key(self._hidden(target), _("your input")))

    def _hidden(self, target: Target) -> str:
        """Ask for a key without showing it. Raises EndOfInput."""
        write_text(_("Paste the key of {name}; it is not shown").format(name=target.title) + ": ", sys.stderr)
        try:
            return getpass.getpass("")
        except EOFError:
            raise EndOfInput(_("Nothing was changed")) from None

    # -- the test and the model

    def _may_continue(self, trial: Trial) -> bool:
        """Whether the test succeeded, or the user continues all the same, which `--yes` does not."""
        if trial.failed is None or (self._asks and confirm(_("Go on all the same? [y/N] "), _("yes"))):
            return True
        print_to_stderr(_("The test failed, and nothing was changed"))
        return False

    def _model(self, target: Target, listed: Sequence[str]) -> str:
        if named := self._options.model:
            name = str(named).removeprefix(f"{target.provider.name}/")
            if listed and name not in listed:
                meant = nearest(name, list(listed))
                print_to_stderr(
                    _('"{name}" is not in the list of models').format(name=sanitize_line(name))
                    + (" · " + _('Did you mean "{name}"?').format(name=meant) if meant else "")
                )
            return name
        if len(listed) == 1:
            return listed[0]
        if not self._asks:
            examples = ", ".join(listed[:3])
            hint = _("Use --model NAME, such as: {names}").format(names=examples) if examples else _("Use --model NAME")
            raise NotGiven(_("No model is named"), hint)
        return self._asked_model(listed)

    def _asked_model(self, listed: Sequence[str]) -> str:
        """Ask for a number or a name; a part of a name narrows the list."""
        shown = list(listed)
        while True:
            for number, model in enumerate(shown[:_SHOWN_MODELS], 1):
                print_line(f"{number:4}  {model}", sys.stderr)
            if len(shown) > _SHOWN_MODELS:
                more = len(shown) - _SHOWN_MODELS
                print_line(
                    ngettext("      … and {count} more", "      … and {count} more", more).format(count=more),
                    sys.stderr,
                )
            typed = self._ask(_("Model (a number, a name, or a part of one)") if listed else _("Model"))
            if typed.isdigit() and 1 <= int(typed) <= min(len(shown), _SHOWN_MODELS):
                return shown[int(typed) - 1]
            if typed in listed or not listed:
                return typed
            matching = [model for model in listed if typed.lower() in model.lower()]
            if len(matching) == 1:
                return matching[0]
            if not matching:
                print_to_stderr(_('No model has "{text}" in its name').format(text=sanitize_line(typed)))
            shown = matching or list(listed)

    # -- writing

    def _is_default(self) -> bool:
        if self._options.default or not self._asks:
            return bool(self._options.default)
        if self._options.yes:
            return self._config.default_model.startswith(f"{GUIDE}/")
        return self._agrees(_("Use it from now on, as the default model? [y/N] "))

    def _changes(self, target: Target, connection: ProviderConnection) -> bool:
        """Whether settings of a configured provider would be replaced."""
        before = self._config.providers.get(target.provider.name)
        return target.is_configured and before is not None and before != connection.provider

    def _agrees_to_change(self, target: Target) -> bool:
        if self._options.yes:
            return True
        name = target.provider.name
        if not self._asks:
            title = _("{name} is configured already, and would be changed").format(name=name)
            raise NotGiven(title, _("Use --yes to change it, or another name: --provider NAME"))
        return self._agrees(_("Change the settings of {name}? [y/N] "), name=name)

    def _tell(self, saved: Saved, connection: ProviderConnection) -> None:
        print_line(_("Written: {file}").format(file=sanitize_line(str(saved.file))))
        if saved.key_file is not None:
            print_line(
                _("The key is in {file}, which only you can read").format(file=sanitize_line(str(saved.key_file)))
            )
        if saved.backup is not None:
            print_line(_("The file as it was: {file}").format(file=sanitize_line(str(saved.backup))))
        if not connection.is_default:
            print_line(_("To use it: holytui -m {model}").format(model=sanitize_line(str(connection.ref))))

    # -- asking

    def _agrees(self, question: str, **values: str) -> bool:
        return self._options.yes or confirm(question.format(**values), _("yes"))

    def _choose(self, title: str, choices: Sequence[_Choice]) -> str:
        """Ask for one of `choices` by its number; Enter takes the first."""
        width = max(len(choice.label) for choice in choices)
        for number, choice in enumerate(choices, 1):
            print_line(f"{number:4}  {choice.label:{width}}  {choice.remark}".rstrip(), sys.stderr)
        while True:
            typed = self._ask(_("{title} (1 to {count}; empty: 1)").format(title=title, count=len(choices)), "1")
            if typed.isdigit() and 1 <= int(typed) <= len(choices):
                return choices[int(typed) - 1].value

    def _ask(self, question: str, default: str = "") -> str:
        """Ask for a line until one is typed, or for `default`. Raises EndOfInput."""
        while True:
            write_text(f"{question}: ", sys.stderr)
            line = sys.stdin.readline()
            if not line:
                print_line("", sys.stderr)
                raise EndOfInput(_("Nothing was changed"))
            if text := line.strip() or default:
                return text


def _remark(target: Target, found: object) -> str:
    if isinstance(found, dict) and target.provider.name in found:
        count = len(found[target.provider.name])
        return ngettext("runs here, {count} model", "runs here, {count} models", count).format(count=count)
    return _("configured") if target.is_configured else target.provider.base_url.partition("://")[2]
