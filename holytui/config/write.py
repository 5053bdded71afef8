"""Output of the configuration: dump without secrets, initial file, single changes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from importlib import resources
from pathlib import Path

import tomli_w

from holytui import paths
from holytui.config import redact
from holytui.config.reader import file_fields
from holytui.config.schema import Config, Model, OAuth, Provider
from holytui.config.toml_edit import CannotEdit, set_key
from holytui.errors import ConfigError
from holytui.i18n import _
from holytui.secret import scrub
from holytui.text import sanitize_line

_BOM = b"\xef\xbb\xbf"


def dump(config: Config) -> str:
    """Return `config` as TOML for display: all settings, and those of providers that are not defaults.

    Values that may hold secrets are masked (see `redact`).
    """
    table = _to_table(config)
    for name in ("stream", "ui"):
        table[name] = _to_table(getattr(config, name), whole=True)
    table["default_model"] = config.default_model
    providers = {name: _to_table(provider) for name, provider in config.providers.items()}
    notes = [
        _("# api_key of [providers.{name}] is set and not shown").format(name=name) + "\n"
        for name, provider in config.providers.items()
        if provider.api_key
    ]
    if providers:
        table["providers"] = providers
    if config.keys:
        table["keys"] = {name: keys[0] if len(keys) == 1 else list(keys) for name, keys in config.keys.items()}
    order = ("default_model", "system", "stream", "ui", "keys", "prompts", "providers")
    return scrub("".join(notes) + tomli_w.dumps({name: table[name] for name in order if name in table}))


def example_text() -> str:
    """Return the commented example configuration."""
    shipped = resources.files("holytui.config") / "example.toml"
    if shipped.is_file():
        return shipped.read_text("utf-8")
    return (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8")


def init(path: Path) -> None:
    """Write the commented example to `path`, mode 0600. Raises ConfigError if `path` exists or is not writable."""
    try:
        paths.private_dir(path.parent)
    except OSError as exc:
        raise _not_written(path, exc) from exc
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as exc:
        raise ConfigError(
            _("{path} already exists").format(path=path), _("It was not changed. Edit it, or move it away first")
        ) from exc
    except OSError as exc:
        raise _not_written(path, exc) from exc
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(example_text().encode())
    except OSError as exc:
        path.unlink(missing_ok=True)
        raise _not_written(path, exc) from exc


def set_value(path: Path, key: str | Sequence[str], value: object) -> None:
    """Set one key of the file at `path` and keep the rest unchanged; the file is created if missing.

    `key` is dotted (`"ui.theme"`) or, for names with dots, a sequence (`("keys", "chat.stop")`).
    The file is replaced atomically, with mode 0600; a symbolic link is followed.
    Raises ConfigError and leaves the file unchanged.
    """
    names = tuple(key.split(".")) if isinstance(key, str) else tuple(key)
    try:
        old = path.read_bytes()
    except FileNotFoundError:
        old = b""
    except OSError as exc:
        raise _not_written(path, exc) from exc
    mark = _BOM if old.startswith(_BOM) else b""
    try:
        new = set_key(old.removeprefix(_BOM).decode("utf-8"), names, value)
    except (CannotEdit, UnicodeDecodeError) as exc:
        raise ConfigError(
            _("{key} was not written into {path}").format(key=".".join(names), path=path),
            _('The file has errors and was not changed; "holytui check" names them'),
        ) from exc
    try:
        target = path.resolve()
        paths.private_dir(target.parent)
        paths.write_private(target, mark + new.encode())
    except OSError as exc:
        raise _not_written(path, exc) from exc


def _not_written(path: Path, exc: OSError) -> ConfigError:
    reason = sanitize_line(exc.strerror or type(exc).__name__)
    return ConfigError(_("{path} cannot be written: {reason}").format(path=path, reason=reason))


def _to_table(value: object, *, whole: bool = False) -> dict[str, object]:
    """Convert a dataclass to a TOML table without unset fields and, unless `whole`, without default values."""
    assert is_dataclass(value)
    out: dict[str, object] = {}
    for field in fields(value):
        item = getattr(value, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if item is None or field.name not in file_fields(type(value)) or (item == default and not whole):
            continue
        if field.name == "api_key":
            continue
        out[field.name] = _to_toml(_redacted(value, field.name, item))
    return out


def _to_toml(value: object) -> object:
    if is_dataclass(value):
        return _to_table(value)
    if isinstance(value, Mapping):
        return {str(name): _to_toml(item) for name, item in value.items()}
    return [_to_toml(item) for item in value] if isinstance(value, list | tuple) else value


def _redacted(owner: object, name: str, value: object) -> object:
    """Return the value of a field with secrets masked."""
    match owner, name, value:
        case Provider() | OAuth(), "base_url" | "proxy" | "chat_path" | "token_url", str():
            return redact.url(value)
        case Provider() | OAuth(), "api_key_command" | "refresh_token_command", tuple():
            return redact.command(value)
        case Provider(), "headers", Mapping():
            return redact.headers(value, owner.public_headers)
        case Provider(), "query", Mapping():
            return redact.query(value)
        case Model(), "params", Mapping():
            return {key: redact.MASK if _is_secret(key, item) else item for key, item in value.items()}
    return value


def _is_secret(name: str, value: object) -> bool:
    return isinstance(value, str) and redact.is_auth_name(name)
