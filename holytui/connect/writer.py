"""Writing a connected provider into the configuration, with everything else in the file kept as it is."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from holytui.config.key_locations import scan
from holytui.config.load import KEY_SOURCES, build_config, load
from holytui.config.presets import PRESETS
from holytui.config.schema import Config, Provider
from holytui.config.toml_edit import CannotEdit, add_table, remove_key, set_key
from holytui.config.write import not_written, replace_file
from holytui.connect.keys import KeyChoice, KeyPlace, store_key
from holytui.errors import ConfigError
from holytui.i18n import _
from holytui.models import ModelRef
from holytui.text import sanitize_line

_BOM = b"\xef\xbb\xbf"
_WRITTEN = ("base_url", *KEY_SOURCES)


@dataclass(frozen=True, slots=True)
class ProviderConnection:
    """A provider to be written into the configuration."""

    provider: Provider
    """With the source of its key (see `keys.with_key`)."""
    key: KeyChoice
    model: str
    is_default: bool = False
    """Make `model` the default model."""

    @property
    def ref(self) -> ModelRef:
        """The model, as `provider/model`."""
        return ModelRef(self.provider.name, self.model)


@dataclass(frozen=True, slots=True)
class Saved:
    """The configuration as it was read again, and what was written."""

    config: Config
    file: Path
    key_file: Path | None = None
    """The file that a typed key was written into."""
    backup: Path | None = None
    """The copy of the file before its first change."""


def require_editable(file: Path) -> Config:
    """Return the configuration in `file`. Raises ConfigError if it is broken, with the line."""
    loaded = load(file)
    if loaded.config.blocked:
        title = _("Nothing was changed, as the configuration has an error")
        raise ConfigError(title, loaded.config.blocked)
    return loaded.config


def save(connection: ProviderConnection, file: Path) -> Saved:
    """Store the key, write the provider into `file`, and read it again.

    Comments, order and all other settings of the file are kept, as are its mode and a symbolic link; its first version
    is copied to `NAME.original`. Raises ConfigError, KeyUnavailable; then nothing was written, unless another
    program changed the file at the same moment.
    """
    require_editable(file)
    try:
        old = file.read_bytes()
        status: os.stat_result | None = file.stat()
    except FileNotFoundError:
        old, status = b"", None
    except OSError as exc:
        raise not_written(file, exc) from exc
    mark = _BOM if old.startswith(_BOM) else b""
    text = old.removeprefix(_BOM).decode()
    new = edited(text, connection, file)
    _verify(build_config(file, tomllib.loads(new), scan(new), status).config, connection)
    undo = store_key(connection.provider, connection.key, file)
    try:
        backup = replace_file(file, mark + new.encode(), old if status is not None else None, keep_mode=True)
    except BaseException:
        undo()
        raise
    config = load(file).config
    _verify(config, connection)
    is_stored = connection.key.secret is not None and connection.key.place is KeyPlace.FILE
    return Saved(config, file, Path(connection.provider.api_key_file) if is_stored else None, backup)


def edited(text: str, connection: ProviderConnection, file: Path) -> str:
    """Return the TOML `text` with the connection in it. Raises ConfigError if that needs a change to anything else."""
    provider, table = connection.provider, ("providers", connection.provider.name)
    try:
        if connection.is_default:
            text = set_key(text, ("default_model",), str(connection.ref))
        text = add_table(text, table)
        preset = PRESETS.get(provider.name)
        before = _table(text, table)
        if before.get("base_url", preset.base_url if preset else "") != provider.base_url or (
            preset is not None and not preset.key_env and "base_url" not in before
        ):
            text = set_key(text, (*table, "base_url"), provider.base_url)
        if connection.key.place is not KeyPlace.UNCHANGED:
            text = _with_key(text, provider, table, file)
        text = add_table(text, (*table, "models", connection.model))
    except CannotEdit as exc:
        raise ConfigError(
            _("{path} was not changed: {key} cannot be set there").format(
                path=sanitize_line(str(file)), key=sanitize_line(str(exc))
            ),
            _("Change that part by hand, or connect under another name"),
        ) from exc
    return text


def _with_key(text: str, provider: Provider, table: tuple[str, str], file: Path) -> str:
    for field in (*KEY_SOURCES, "api_key_env_file"):
        value = getattr(provider, field)
        if not value:
            text = remove_key(text, (*table, field))
        elif field == "api_key_file":
            path = Path(value)
            is_beside = path.is_relative_to(file.parent)
            text = set_key(text, (*table, field), str(path.relative_to(file.parent)) if is_beside else value)
        else:
            text = set_key(text, (*table, field), value)
    return text


def _table(text: str, names: tuple[str, ...]) -> dict[str, object]:
    table: object = tomllib.loads(text)
    for name in names:
        table = table.get(name) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _verify(config: Config, connection: ProviderConnection) -> None:
    """Raise ConfigError unless `config` has the connection."""
    provider = connection.provider
    written = config.providers.get(provider.name)
    reason = config.blocked or (written.blocked if written is not None else "")
    fields = _WRITTEN if connection.key.place is not KeyPlace.UNCHANGED else ("base_url",)
    is_same = written is not None and all(_same(written, provider, field) for field in fields)
    if reason or not is_same or (connection.is_default and config.default_model != str(connection.ref)):
        raise ConfigError(_("{name} cannot be connected").format(name=provider.name), reason)


def _same(written: Provider, provider: Provider, field: str) -> bool:
    if field == "api_key_env" and not any(getattr(provider, name) for name in KEY_SOURCES):
        return True  # a preset has its own variable where nothing is written
    return bool(getattr(written, field) == getattr(provider, field))
