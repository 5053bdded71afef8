"""Output of the configuration: dump without secrets, initial file, single changes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from importlib import resources
from pathlib import Path

import tomli_w

from holytui import paths
from holytui.config import redact
from holytui.config.reader import file_fields
from holytui.config.schema import Config, Model, OAuth, Provider, Sharing
from holytui.config.toml_edit import CannotEdit, remove_key, set_key
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
    for name in ("stream", "ui", "limits", "history"):
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
    order = ("default_model", "system", "stream", "limits", "ui", "history", "keys", "prompts", "providers")
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
        raise not_written(path, exc) from exc
    try:
        paths.create_private(path, example_text())
    except FileExistsError as exc:
        raise ConfigError(
            _("{path} already exists").format(path=path), _("It was not changed. Edit it, or move it away first")
        ) from exc
    except OSError as exc:
        raise not_written(path, exc) from exc


Verify = Callable[[str, str], None]
"""Raises ConfigError if a text must not be replaced by another one."""


def set_value(path: Path, key: str | Sequence[str], value: object, verify: Verify = lambda _old, _new: None) -> None:
    """Set one key of the file at `path` and keep the rest unchanged; the file is created if missing.

    `key` is dotted (`"ui.theme"`) or, for names with dots, a sequence (`("keys", "chat.stop")`).
    Raises ConfigError and leaves the file unchanged. See `replace_file` for how it is written.
    """
    names = tuple(key.split(".")) if isinstance(key, str) else tuple(key)
    _edit(path, names, lambda text: set_key(text, names, value), verify)


def remove_value(path: Path, names: Sequence[str]) -> None:
    """Remove one key from the file at `path`, so that its default applies. Raises ConfigError as `set_value` does."""
    _edit(path, tuple(names), lambda text: remove_key(text, tuple(names)), lambda _old, _new: None)


def _edit(path: Path, names: tuple[str, ...], change: Callable[[str], str], verify: Verify) -> None:
    try:
        old: bytes | None = path.read_bytes()
    except FileNotFoundError:
        old = None
    except OSError as exc:
        raise not_written(path, exc) from exc
    data = old or b""
    mark = _BOM if data.startswith(_BOM) else b""
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
        changed = change(text)
    except (CannotEdit, UnicodeDecodeError) as exc:
        raise ConfigError(
            _("{key} was not written into {path}").format(key=".".join(names), path=path),
            _('The file has errors and was not changed; "holytui check" names them'),
        ) from exc
    verify(text, changed)
    new = mark + changed.encode()
    if new != old:
        replace_file(path, new, old)


def replace_file(path: Path, new: bytes, old: bytes | None, *, keep_mode: bool = False) -> Path | None:
    """Replace the file atomically, and return the copy of its first version, if it was made now.

    `old` is its present content; None if it is new. A symbolic link is followed. The file has mode 0600 then, or
    that of the old one with `keep_mode`. The first version is copied to `NAME.original`, once. Raises ConfigError.
    """
    try:
        target = path.resolve()
        paths.private_dir(target.parent)
        backup = _back_up(target, old) if old is not None else None
        try:
            mode = stat.S_IMODE(target.stat().st_mode) if keep_mode and old is not None else 0o600
            paths.write_private(target, new, mode)
        except OSError:
            if backup is not None:
                with suppress(OSError):
                    backup.unlink()
            raise
    except OSError as exc:
        raise not_written(path, exc) from exc
    return backup


def _back_up(target: Path, old: bytes) -> Path | None:
    backup = target.with_name(f"{target.name}.original")
    if os.path.lexists(backup):
        return None
    paths.write_private(backup, old)
    return backup


def not_written(path: Path, exc: OSError) -> ConfigError:
    """Return the error for a file that cannot be written."""
    reason = sanitize_line(exc.strerror or type(exc).__name__)
    return ConfigError(
        _("{path} cannot be written: {reason}").format(path=sanitize_line(str(path)), reason=reason),
        _("Check the permissions of its folder, or name another file with --config"),
    )


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
        out[field.name] = _to_toml(redacted(value, field.name, item))
    return out


def _to_toml(value: object) -> object:
    if is_dataclass(value):
        return _to_table(value)
    if isinstance(value, Mapping):
        return {str(name): _to_toml(item) for name, item in value.items()}
    return [_to_toml(item) for item in value] if isinstance(value, list | tuple) else value


def redacted(owner: object, name: str, value: object) -> object:
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
        case Sharing(), "share", str():
            return redact.database(value)
        case Sharing(), "share_password_command", tuple():
            return redact.command(value)
        case Model(), "params", Mapping():
            return {key: redact.MASK if _is_secret(key, item) else item for key, item in value.items()}
    return value


def _is_secret(name: str, value: object) -> bool:
    return isinstance(value, str) and redact.is_auth_name(name)
