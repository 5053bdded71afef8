"""Reading of the configuration file: usable settings are used, and all problems are reported at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from holytui import keymap, logs, paths, trust
from holytui.config import redact
from holytui.config.key_locations import KeyLocations, scan
from holytui.config.presets import GUIDE, PRESETS
from holytui.config.problems import ConfigProblem, KeyPath, Severity, dotted
from holytui.config.reader import Reader, file_fields
from holytui.config.schema import Config, OAuth, Provider, Sharing, Sync
from holytui.config.syntax import describe_syntax_error
from holytui.config.urls import is_plaintext, is_unspecified
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.keymap import Keymap
from holytui.models import ModelRef
from holytui.secret import withhold_variables
from holytui.text import nearest, sanitize_line

KEY_SOURCES = ("api_key_env", "api_key_command", "api_key_file", "api_key_keyring", "api_key", "oauth")
"""Fields of a provider that name the source of its key; one is enough."""

_CONNECTION = frozenset(
    {"base_url", "api_key_env_file", "headers", "query", "proxy", "ca_file", "client_cert", "client_key"}
    | {"allow_insecure", "chat_path"}
)
"""Fields of a provider, besides `KEY_SOURCES`, that decide where requests go and how they are protected."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A usable configuration, and the problems of its file."""

    config: Config
    problems: tuple[ConfigProblem, ...] = ()


def load(path: Path | None = None) -> Loaded:
    """Read `path`, by default the user's file. Never raises: an unreadable file is a problem, a missing one is not."""
    path = paths.config_file() if path is None else path
    withhold_variables(preset.key_env for preset in PRESETS.values())
    try:
        with path.open("rb") as file:
            status, text = os.fstat(file.fileno()), file.read().decode("utf-8-sig")
    except FileNotFoundError:
        return Loaded(Config())
    except OSError as exc:
        reason = sanitize_line(exc.strerror or type(exc).__name__)
        return _unusable(path, _("cannot be read: {reason}").format(reason=reason))
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        return _unusable(path, _("not UTF-8 text; save it as UTF-8"), line)
    try:
        table = tomllib.loads(text)
    except RecursionError:
        return _unusable(path, _("nested too deeply"))
    except ValueError as exc:
        return _unusable(path, *describe_syntax_error(str(exc), text))
    return build_config(path, table, scan(text), status)


def read_config(file: Path | None) -> tuple[Config, Keymap, tuple[str, ...]]:
    """Return the configuration, the keymap, and the problems of both. Sets the level of the log.

    Raises HolytuiError if the user named a file that does not exist.
    """
    require_named_file(file)
    loaded = load(file or paths.config_file())
    logs.set_level(loaded.config.log_level)
    keys = keymap.build_keymap(loaded.config.keys)
    return loaded.config, keys, (*(str(problem) for problem in loaded.problems), *keys.problems)


def require_named_file(file: Path | None) -> None:
    """Raise HolytuiError if the file named by `--config` or `HOLYTUI_CONFIG` does not exist."""
    if file is None and not os.environ.get("HOLYTUI_CONFIG"):
        return
    place = file or paths.config_file()
    if not os.path.lexists(place):
        raise HolytuiError(
            _("The file {file} does not exist").format(file=sanitize_line(str(place))),
            _("It was named by --config or HOLYTUI_CONFIG."),
        )


def build_config(
    path: Path, table: Mapping[str, object], locations: KeyLocations, status: os.stat_result | None = None
) -> Loaded:
    """Build the configuration from `table`. With the file's `status`, distrust a file that others can change."""
    reader = Reader(path, locations)
    rest = {key: value for key, value in table.items() if key not in ("providers", "keys")}
    config = reader.build(Config, rest, ()) or Config()
    misspelled = [key for key in rest if key not in file_fields(Config) and _likely_field(key, Config) == "providers"]
    raw = table.get("providers", {})
    providers = _providers(reader, raw)
    withhold_variables(_key_variables(providers))
    if status is not None:
        providers = _block_untrusted(reader, providers, status)
        config = _without_untrusted_sync(reader, config, status)
    default = _default_model(reader, config.default_model, raw, providers)
    config = replace(
        config,
        default_model=default,
        providers=MappingProxyType(providers),
        keys=MappingProxyType(_keys(reader, table.get("keys", {}))),
        source=path,
    )
    redact.register_database_secrets(config.history.share)
    if status is not None:
        config = replace(config, history=_trusted_sharing(reader, config.history, status))
    if misspelled or not isinstance(raw, dict):
        config = replace(config, blocked=_first_error(reader, (), {"providers", *misspelled}))
    return Loaded(config, tuple(sorted(reader.problems, key=lambda problem: problem.line or 0)))


def _unusable(path: Path, text: str, line: int | None = None, column: int | None = None) -> Loaded:
    problem = ConfigProblem(path, line, "", text=text, column=column)
    return Loaded(Config(blocked=str(problem)), (problem,))


def _providers(reader: Reader, raw: object) -> dict[str, Provider]:
    if not isinstance(raw, dict):
        reader.report_mismatch(("providers",), raw, _("a table"))
        return {}
    out: dict[str, Provider] = {}
    for name, table in raw.items():
        path: KeyPath = ("providers", name)
        if name == GUIDE:
            reader.report(path, _("this name is reserved for the built-in guide; choose another"))
        elif not re.fullmatch(r"[^\s/]+", name) or sanitize_line(name) != name:
            reader.report(path, _("a provider's name must not be empty or contain spaces or a slash"))
        else:
            out[name] = _provider(reader, name, table, path)
    return out


def _provider(reader: Reader, name: str, table: object, path: KeyPath) -> Provider:
    """Build the provider from `table`; it is `blocked` if a setting of its connection is invalid."""
    preset = PRESETS.get(name)
    given: dict[str, object] = {"name": name}
    if isinstance(table, dict) and "base_url" not in table:
        given["base_url"] = preset.base_url if preset is not None else ""
        if preset is None:
            reader.report(path, _missing_base_url(name))
    provider = reader.build(Provider, table, path, **given)
    if provider is None or not provider.base_url or not isinstance(table, dict):
        # Kept, as otherwise a preset of this name would be used at its default address.
        return Provider(name, "", blocked=_first_error(reader, path))
    provider = _with_valid_oauth(reader, provider, path)
    wrong = {
        field
        for field in table
        if field not in file_fields(Provider) and _is_connection_field(_likely_field(field, Provider))
    }
    provider = replace(provider, blocked=_first_error(reader, path, {*KEY_SOURCES, *_CONNECTION, *wrong}))
    provider = _with_one_key_source(reader, provider, table, path)
    if preset is not None and not any(field in table for field in KEY_SOURCES):
        provider = replace(provider, api_key_env=preset.key_env)
    if provider.api_key_env_file and not provider.api_key_env:
        reader.report((*path, "api_key_env_file"), _('"api_key_env" must name the variable to look up in it'))
    has_key = any(getattr(provider, field) for field in KEY_SOURCES) or redact.carries_key(
        provider.headers, provider.query
    )
    if has_key and is_plaintext(provider.base_url, provider.proxy) and not provider.allow_insecure:
        text = _("a key would be sent in clear text, so nothing is sent; use https, or set allow_insecure = true")
        if is_unspecified(provider.base_url):
            text = _("{text} (this machine is 127.0.0.1)").format(text=text)
        reader.report((*path, "base_url"), text, Severity.WARNING)
    if provider.client_key and not provider.client_cert:
        reader.report((*path, "client_key"), _('"client_cert" must name the certificate of this key'))
        provider = replace(provider, blocked=provider.blocked or _first_error(reader, path, {"client_key"}))
    provider = _with_absolute_paths(provider, reader.file.parent)
    redact.register_secrets(provider)
    return provider


def _first_error(reader: Reader, path: KeyPath, fields: Collection[str] = ()) -> str:
    """Return the first error about `fields` of the table at `path` (none: any field) as one line; empty if none."""
    for problem in reader.problems:
        if problem.severity is not Severity.ERROR or not _is_within(problem.key, path):
            continue
        if not fields or any(_is_within(problem.key, (*path, field)) for field in fields):
            return str(problem)
    return ""


def _is_within(key: str, path: KeyPath) -> bool:
    whole = dotted(path)
    return not whole or key == whole or key.startswith((f"{whole}.", f"{whole}["))


def _likely_field(key: str, cls: type) -> str:
    """Return the field that an unknown key probably means."""
    return nearest(key, list(file_fields(cls))) or ("proxy" if "prox" in key.lower() else "")


def _is_connection_field(field: str) -> bool:
    return field in _CONNECTION or field in KEY_SOURCES


def _missing_base_url(name: str) -> str:
    if suggestion := nearest(name, list(PRESETS)):
        return _('"base_url" is missing; or did you mean the provider "{name}"?').format(name=suggestion)
    return _('"base_url" is missing')


def _with_valid_oauth(reader: Reader, provider: Provider, path: KeyPath) -> Provider:
    """Return the provider without an OAuth table that does not have exactly one refresh token."""
    if provider.oauth is None or _one_refresh_token(provider.oauth):
        return provider
    reader.report((*path, "oauth"), _('one of "refresh_token_file" and "refresh_token_command" must be set'))
    return replace(provider, oauth=None)


def _with_one_key_source(reader: Reader, provider: Provider, table: Mapping[str, object], path: KeyPath) -> Provider:
    """Return the provider with the first of several key sources in the file."""
    named = [field for field in table if field in KEY_SOURCES and getattr(provider, field)]
    if len(named) < 2:
        return provider
    text = _("more than one source of the key ({names}); only {first} is used")
    reader.report((*path, named[1]), text.format(names=", ".join(named), first=named[0]))
    empty: dict[str, object] = {
        "api_key_env": "",
        "api_key_command": (),
        "api_key_file": "",
        "api_key_keyring": "",
        "api_key": "",
        "oauth": None,
    }
    return replace(provider, **{field: empty[field] for field in named[1:]})  # type: ignore[arg-type]  # each of its own type


def _one_refresh_token(oauth: OAuth) -> bool:
    return bool(oauth.refresh_token_file) != bool(oauth.refresh_token_command)


def _with_absolute_paths(provider: Provider, folder: Path) -> Provider:
    """Return the provider with absolute paths; relative ones start at the configuration's folder."""

    def resolve_path(text: str) -> str:
        return str(folder / os.path.expanduser(text)) if text else ""  # noqa: PTH111 - leaves an unknown ~user as it is

    oauth = provider.oauth
    return replace(
        provider,
        api_key_env_file=resolve_path(provider.api_key_env_file),
        api_key_file=resolve_path(provider.api_key_file),
        ca_file=resolve_path(provider.ca_file),
        client_cert=resolve_path(provider.client_cert),
        client_key=resolve_path(provider.client_key),
        oauth=None if oauth is None else replace(oauth, refresh_token_file=resolve_path(oauth.refresh_token_file)),
    )


def _default_model(reader: Reader, requested: str, raw: object, providers: dict[str, Provider]) -> str:
    """Return `requested` if its provider exists, else the built-in default. Adds a preset to `providers` if needed."""
    ref = ModelRef.parse(requested)
    if ref.provider == GUIDE or ref.provider in providers:
        return requested
    if isinstance(raw, dict) and ref.provider in raw:
        return Config().default_model  # an invalid provider name, already reported
    if ref.provider in PRESETS:
        providers[ref.provider] = PRESETS[ref.provider].provider()
        return requested
    text = _('no provider "{name}" is configured').format(name=ref.provider)
    if suggestion := nearest(ref.provider, [*providers, *PRESETS]):
        text = _('{problem}; did you mean "{name}"?').format(problem=text, name=suggestion)
    reader.report(("default_model",), text)
    return Config().default_model


def _keys(reader: Reader, raw: object) -> dict[str, tuple[str, ...]]:
    """Return `[keys]`; `chat.stop = …` without quotes, a nested table in TOML, is accepted too."""
    out: dict[str, tuple[str, ...]] = {}

    def visit(value: object, path: KeyPath) -> None:
        match value:
            case dict():
                for name, inner in value.items():
                    visit(inner, (*path, name))
            case str() | list() if len(path) == 2 and reader.report_misplaced(path):
                pass
            case str() if len(path) > 1:
                out[".".join(str(part) for part in path[1:])] = tuple(value.split())
            case list() if len(path) > 1 and all(isinstance(key, str) and key.strip() for key in value):
                out[".".join(str(part) for part in path[1:])] = tuple(key.strip() for key in value)
            case _ if len(path) > 1:
                reader.report_mismatch(path, value, _('a key such as "f2", a list of keys, or "" for none'))
            case _:
                reader.report_mismatch(path, value, _("a table"))

    visit(raw, ("keys",))
    return out


def _block_untrusted(reader: Reader, providers: Mapping[str, Provider], status: os.stat_result) -> dict[str, Provider]:
    """Block providers with keys or commands in a file that others can change or, for keys in it, read.

    They could redirect the key, have a command run, or have read the key.
    """
    file = reader.file
    if trust.is_owned_by_other(status):
        text = _("belongs to another user, so its keys and commands are not used; run: {command}")
        is_affected, command = _has_key_source, trust.shell_command(f"chown {os.getuid()}", file)
    elif trust.is_writable_by_others(status):
        text = _("can be changed by others, so its keys and commands are not used; run: {command}")
        is_affected, command = _has_key_source, trust.shell_command("chmod go-w", file)
    elif trust.is_readable_by_others(status):
        text = _("holds a key and can be read by others, so the key is not used; run: {command}")
        is_affected, command = redact.holds_secret, trust.shell_command("chmod 600", file)
    else:
        return dict(providers)
    blocked = [name for name, provider in providers.items() if is_affected(provider)]
    if not blocked:
        return dict(providers)
    reader.report((), text.format(command=command))
    reason = str(reader.problems[-1])
    return {
        name: replace(provider, blocked=provider.blocked or reason) if name in blocked else provider
        for name, provider in providers.items()
    }


def _without_untrusted_sync(reader: Reader, config: Config, status: os.stat_result) -> Config:
    """Remove the targets of syncs in a file that others can change: they could have the history sent to themselves."""
    owned, writable = trust.is_owned_by_other(status), trust.is_writable_by_others(status)
    if config.sync == Sync() or not (owned or writable):
        return config
    how = f"chown {os.getuid()}" if owned else "chmod go-w"
    text = _("can be changed by others, so [sync] is not used; run: {command}")
    reader.report((), text.format(command=trust.shell_command(how, reader.file)))
    return replace(config, sync=Sync())


def _trusted_sharing(reader: Reader, history: Sharing, status: os.stat_result) -> Sharing:
    """Return `[history]` without sharing, if others could have it lead elsewhere, run a command or read a password."""
    if not history.share:
        return history
    file = reader.file
    if trust.is_owned_by_other(status):
        command = trust.shell_command(f"chown {os.getuid()}", file)
        text = _("belongs to another user, so the history is not shared; run: {command}")
    elif trust.is_writable_by_others(status):
        command = trust.shell_command("chmod go-w", file)
        text = _("can be changed by others, so the history is not shared; run: {command}")
    elif redact.holds_database_secret(history.share) and trust.is_readable_by_others(status):
        command = trust.shell_command("chmod 600", file)
        text = _("holds a password and can be read by others, so the history is not shared; run: {command}")
    else:
        return history
    reader.report((), text.format(command=command))
    return replace(history, share="")


def _key_variables(providers: Mapping[str, Provider]) -> Iterator[str]:
    """Yield the names of environment variables that hold keys."""
    for provider in providers.values():
        yield provider.api_key_env
        yield provider.oauth.client_secret_env if provider.oauth is not None else ""


def _has_key_source(provider: Provider) -> bool:
    return any(getattr(provider, field) for field in KEY_SOURCES) or redact.holds_secret(provider)
