"""Every setting with its value, default, help and line in the file, as the settings screen lists them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, is_dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from holytui import i18n, logs
from holytui.config.constraints import CONSTRAINTS, is_sensitive
from holytui.config.key_locations import KeyLocations, scan
from holytui.config.load import build_config
from holytui.config.problems import ConfigProblem, Severity, dotted
from holytui.config.reader import file_fields
from holytui.config.schema import Config, Limits, Model, OAuth, Price, Provider, Recover, Sharing, Stream, Sync, Ui
from holytui.config.setting_help import HELP
from holytui.config.write import redacted, remove_value, set_value
from holytui.errors import ConfigError
from holytui.i18n import N_, _
from holytui.keymap import ACTIONS, Keymap
from holytui.secret import scrub
from holytui.text import sanitize_line

PLACEHOLDER = "NAME"
"""Stands for the name of a provider, a model or a prompt in the path of a setting that the file does not have yet."""


class SettingKind(StrEnum):
    """How a setting is changed."""

    SWITCH = "switch"
    CHOICE = "choice"
    LINE = "line"
    KEYS = "keys"
    FILE = "file"
    """Only in the file."""


class SettingGroup(StrEnum):
    """Heading of a setting, a message id; in the order of the list."""

    COMMON = N_("Often changed")
    SCREEN = N_("Screen")
    REQUESTS = N_("Timeouts and retries")
    LIMITS = N_("Limits of spending")
    OTHER = N_("Other")
    KEYS = N_("Keys")
    PROMPTS = N_("System prompts")
    PROVIDERS = N_("Providers and models")


class Effect(StrEnum):
    """When a change takes effect, a message id."""

    NOW = N_("at once")
    NEXT_ANSWER = N_("from the next answer on")
    NEXT_START = N_("at the next start")


_COMMON = (
    "default_model",
    "ui.theme",
    "ui.language",
    "ui.enter",
    "ui.mouse",
    "ui.sidebar",
    "ui.notify",
    "stream.recover",
    "stream.max_retries",
    "ui.resume_on_start",
)
_OPEN_CHOICES = frozenset({"default_model", "ui.theme", "ui.theme_dark", "ui.theme_light"})
"""Settings whose choices only the caller knows."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `help` is translated; `value` and `default` are for display, without secrets."""

    path: tuple[str, ...]
    kind: SettingKind
    group: SettingGroup
    help: str
    value: str
    default: str
    effect: Effect = Effect.NOW
    expected: str = ""
    choices: tuple[str, ...] = ()
    line: int | None = None
    """Line in the file; None: it is not set there."""
    overridden_by: str = ""
    """The option or environment variable that is in force instead of the file; empty: none."""

    @property
    def id(self) -> str:
        """The path, as problems name it."""
        return dotted(self.path)


def list_settings(config: Config, keymap: Keymap, locations: KeyLocations) -> list[Setting]:
    """Return all settings, in the order of their groups."""
    found = [
        *_fields(Config, config, (), locations),
        *_fields(Ui, config.ui, ("ui",), locations),
        *_fields(Stream, config.stream, ("stream",), locations),
        *_sharing(config, locations),
        *_fields(Limits, config.limits, ("limits",), locations),
        *_fields(Sync, config.sync, ("sync",), locations),
        *_keys(keymap, locations),
        *_prompts(config, locations),
        *_targets(config, locations),
        *_providers(config, locations),
    ]
    groups = list(SettingGroup)
    rank = {name: number for number, name in enumerate(_COMMON)}
    return sorted(found, key=lambda each: (groups.index(each.group), rank.get(each.id, 0)))


def parse(setting: Setting, text: str) -> object:
    """Return the value that `text` means for a setting of the top of the file or of `[stream]` and its like.

    Raises ValueError with what is expected.
    """
    owner, name = _owner(setting.path)
    hint = get_type_hints(owner)[name]
    value: object = text
    try:
        if hint is bool:
            value = {"true": True, "false": False}[text.strip()]
        elif hint in (int, float) or (isinstance(hint, type) and issubclass(hint, StrEnum)):
            value = hint(text.strip())
    except (ValueError, KeyError) as exc:
        raise ValueError(setting.expected) from exc
    constraint = CONSTRAINTS.get((owner, name))
    if constraint is not None and not constraint.accepts(value):
        raise ValueError(constraint.advice(value) or setting.expected)
    return str(value) if isinstance(value, StrEnum) else value


class SettingsFile:
    """The file that the settings are in. All methods block on the disk, and may be called on any thread."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def locations(self) -> KeyLocations:
        """Return the lines of the settings; none if the file is missing or broken."""
        try:
            return scan(self.file.read_text("utf-8-sig"))
        except (OSError, ValueError, RecursionError):
            return KeyLocations(())

    def change(self, path: tuple[str, ...], value: object) -> None:
        """Write a value. Raises ConfigError; then the file is unchanged, as it is if the value would be an error."""
        set_value(self.file, _in_file(path, self.locations()), value, self._refuse_errors)

    def _refuse_errors(self, old: str, new: str) -> None:
        before = [replace(each, line=None) for each in self._errors(old)]
        for error in self._errors(new):
            if replace(error, line=None) not in before:
                raise ConfigError(_("Not written: {problem}").format(problem=error))

    def _errors(self, text: str) -> list[ConfigProblem]:
        problems = build_config(self.file, tomllib.loads(text), scan(text)).problems
        return [each for each in problems if each.severity is Severity.ERROR]

    def reset(self, path: tuple[str, ...]) -> None:
        """Remove a setting, so that its default applies. Raises ConfigError."""
        remove_value(self.file, _in_file(path, self.locations()))


def _in_file(path: tuple[str, ...], locations: KeyLocations) -> tuple[str, ...]:
    """Return the path by which the file has the setting: keys may be written as `chat.stop` without quotes."""
    if path[0] == "keys" and locations.exact_line(path) is None:
        unquoted = ("keys", *path[1].split("."))
        if locations.exact_line(unquoted) is not None:
            return unquoted
    return path


def plain(setting: Setting) -> str:
    """The value as it is typed: without the quotes of a text."""
    text = setting.value
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _owner(path: tuple[str, ...]) -> tuple[type, str]:
    return {"ui": Ui, "stream": Stream, "limits": Limits, "sync": Sync}[path[0]] if len(path) > 1 else Config, path[-1]


def _fields(cls: type, values: object, above: tuple[str, ...], locations: KeyLocations) -> Iterator[Setting]:
    """Yield the fields of `cls` that are plain values."""
    hints = get_type_hints(cls)
    for name, field in file_fields(cls).items():
        hint = hints[name]
        if is_dataclass(hint) or get_origin(hint) is not None:
            continue
        path = (*above, name)
        key, value = dotted(path), getattr(values, name)
        choices = _choices(cls, name, hint)
        kind = SettingKind.CHOICE if choices or key in _OPEN_CHOICES else SettingKind.LINE
        kind = SettingKind.SWITCH if hint is bool else kind
        yield Setting(
            path,
            SettingKind.FILE if isinstance(value, str) and "\n" in value else kind,
            _group(key),
            _(HELP[cls, name]),
            _shown(value),
            _shown(field.default),
            _effect(key),
            _expected(cls, name, hint),
            choices,
            locations.exact_line(path),
            _override(key),
        )


def _group(key: str) -> SettingGroup:
    if key in _COMMON:
        return SettingGroup.COMMON
    if key.startswith("ui."):
        return SettingGroup.SCREEN
    if key.startswith("limits."):
        return SettingGroup.LIMITS
    return SettingGroup.REQUESTS if key.startswith("stream.") else SettingGroup.OTHER


def _effect(key: str) -> Effect:
    if key == "ui.resume_on_start":
        return Effect.NEXT_START
    if key.startswith("limits."):
        return Effect.NEXT_ANSWER
    return Effect.NEXT_ANSWER if key.startswith("stream.") and key != "stream.finish_after_hangup" else Effect.NOW


def _override(key: str) -> str:
    if key == "ui.language":
        return i18n.overridden_by()
    return logs.VARIABLE if key == "log_level" and os.environ.get(logs.VARIABLE) else ""


def _choices(cls: type, name: str, hint: Any) -> tuple[str, ...]:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return tuple(str(member) for member in hint)
    constraint = CONSTRAINTS.get((cls, name))
    return constraint.choices if constraint is not None else ()


def _expected(cls: type, name: str, hint: Any) -> str:
    constraint = CONSTRAINTS.get((cls, name))
    if constraint is not None:
        return constraint.describe()
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _("one of {names}").format(names=", ".join(f'"{name}"' for name in hint))
    return {bool: _("true or false"), int: _("a whole number"), float: _("a number")}.get(hint, _("a text"))


def _keys(keymap: Keymap, locations: KeyLocations) -> Iterator[Setting]:
    for action in ACTIONS:
        path = ("keys", action.id)
        yield Setting(
            path,
            SettingKind.KEYS,
            SettingGroup.KEYS,
            _(action.help),
            " ".join(keymap.keys_for(action.id)) or "–",
            " ".join(action.keys) or "–",
            expected=_("keys such as {examples}; nothing for none").format(examples='"f2", "ctrl+k alt+k"'),
            line=locations.exact_line(_in_file(path, locations)),
        )


def _prompts(config: Config, locations: KeyLocations) -> Iterator[Setting]:
    for name, text in (config.prompts or {PLACEHOLDER: ""}).items():
        yield _only_in_file(
            ("prompts", name), SettingGroup.PROMPTS, _(HELP[Config, "prompts"]), _shown(text), locations
        )


def _targets(config: Config, locations: KeyLocations) -> Iterator[Setting]:
    for name, address in (config.sync.targets or {PLACEHOLDER: ""}).items():
        path = ("sync", "targets", name)
        yield _only_in_file(path, SettingGroup.OTHER, _(HELP[Sync, "targets"]), _shown(address), locations)


def _providers(config: Config, locations: KeyLocations) -> Iterator[Setting]:
    yield _only_in_file(
        ("providers",),
        SettingGroup.PROVIDERS,
        _(HELP[Config, "providers"]),
        ", ".join(map(sanitize_line, config.providers)),
        locations,
    )
    for name, provider in (config.providers or {PLACEHOLDER: Provider(PLACEHOLDER, "")}).items():
        yield from _table(provider, ("providers", name), locations)


def _sharing(config: Config, locations: KeyLocations) -> Iterator[Setting]:
    """Yield the settings of `[history]`. They may hold a password, so they are changed in the file."""
    for name, field in file_fields(Sharing).items():
        path, value = ("history", name), getattr(config.history, name)
        shown = _secretless(config.history, name, value, path)
        yield _only_in_file(path, SettingGroup.OTHER, _(HELP[Sharing, name]), shown, locations, _shown(field.default))


def _table(owner: Any, path: tuple[str, ...], locations: KeyLocations) -> Iterator[Setting]:
    """Yield the fields of a provider and of the tables in it."""
    cls = type(owner)
    for name, field in file_fields(cls).items():
        value, here = getattr(owner, name), (*path, name)
        default = "" if field.default is MISSING else _shown(field.default)
        shown = _secretless(owner, name, value, here)
        yield _only_in_file(here, SettingGroup.PROVIDERS, _(HELP[cls, name]), shown, locations, default)
        if name == "models":
            for key, model in (value or {PLACEHOLDER: Model(PLACEHOLDER)}).items():
                yield from _table(model, (*here, key), locations)
        elif name == "oauth":
            yield from _table(value or OAuth("", ""), here, locations)
        elif name == "price":
            yield from _table(value or Price(0.0, 0.0), here, locations)


def _only_in_file(
    path: tuple[str, ...], group: SettingGroup, text: str, value: str, locations: KeyLocations, default: str = ""
) -> Setting:
    line = locations.exact_line(path)
    return Setting(path, SettingKind.FILE, group, text, value, default, line=line)


def _secretless(owner: object, name: str, value: object, path: tuple[str, ...]) -> str:
    if is_dataclass(value) or (isinstance(value, Mapping) and name == "models"):
        return ", ".join(map(sanitize_line, value)) if isinstance(value, Mapping) else ""
    if name == "api_key" and value:
        return "…"
    shown = redacted(owner, name, value)
    return scrub(_shown(shown)) if shown == value or not is_sensitive(path, value) else _shown(shown)


def _shown(value: object) -> str:
    match value:
        case None | ():
            return "–"
        case bool():
            return str(value).lower()
        case str():
            return f'"{sanitize_line(value)}"'
        case tuple() | list():
            return "[" + ", ".join(_shown(item) for item in value) + "]"
        case Mapping():
            return "{" + ", ".join(f"{sanitize_line(str(k))} = {_shown(v)}" for k, v in value.items()) + "}"
        case _:
            return str(value)


def choice_help(choice: str, setting: Setting) -> str:
    """What a choice means, or empty."""
    return _(HELP[Recover, choice]) if setting.path[-1] == "recover" else ""
