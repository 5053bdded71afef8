"""Where the key of a connected provider is kept."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from holytui import paths
from holytui.config.redact import looks_like_key
from holytui.config.schema import Provider
from holytui.credentials import system_keyring
from holytui.credentials.keyring import KeyRing
from holytui.engine.ports import Keys
from holytui.errors import ConfigError, KeyUnavailable
from holytui.i18n import _
from holytui.secret import Secret
from holytui.text import sanitize_line


class KeyPlace(StrEnum):
    """Where the key comes from."""

    ENVIRONMENT = "environment"
    FILE = "file"
    COMMAND = "command"
    KEYRING = "keyring"
    NONE = "none"
    """The server needs none."""
    UNCHANGED = "unchanged"
    """As the configuration has it."""


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """The chosen place of a key."""

    place: KeyPlace
    value: str | tuple[str, ...] = ""
    """Name of the variable, path of the file, or the command."""
    secret: Secret | None = None
    """A key that was typed, to be stored in the file or the keyring."""


_KEY_PREFIXES = ("cr_", "sk-", "sk_", "gsk_")
_FIELDS = {
    KeyPlace.ENVIRONMENT: "api_key_env",
    KeyPlace.FILE: "api_key_file",
    KeyPlace.COMMAND: "api_key_command",
    KeyPlace.KEYRING: "api_key_keyring",
}


def variable(text: str) -> KeyChoice:
    """Return the choice of an environment variable by its name. Raises ConfigError, also for what may be a key."""
    name = text.strip()
    if not (name.isascii() and name.isidentifier()) or looks_like_key(name) or name.startswith(_KEY_PREFIXES):
        raise ConfigError(_("The name of a variable is expected, not the key itself"))
    return KeyChoice(KeyPlace.ENVIRONMENT, name)


def key_file(text: str) -> KeyChoice:
    """Return the choice of an existing file. Raises ConfigError, also for what may be a key."""
    name = text.strip()
    if not name or looks_like_key(name) or name.startswith(_KEY_PREFIXES):
        raise ConfigError(_("The name of a file is expected, not the key itself"))
    return KeyChoice(KeyPlace.FILE, name)


def command(text: str) -> KeyChoice:
    """Return the choice of a command, written as in a shell. Raises ConfigError."""
    try:
        argv = tuple(shlex.split(text))
    except ValueError:
        argv = ()
    if not argv or not argv[0]:
        raise ConfigError(_("A command is expected, such as: pass show holysheep"))
    return KeyChoice(KeyPlace.COMMAND, argv)


def stored_key_file(config_file: Path, name: str) -> Path:
    """The file for a typed key of the provider `name`."""
    return config_file.parent / "keys" / f"{name}.key"


def with_key(provider: Provider, choice: KeyChoice, config_file: Path) -> Provider:
    """Return `provider` with the chosen source of the key as its only one."""
    if choice.place is KeyPlace.UNCHANGED:
        return provider
    bare = replace(
        provider,
        api_key_env="",
        api_key_env_file="",
        api_key_command=(),
        api_key_file="",
        api_key_keyring="",
        api_key="",
        oauth=None,
    )
    value: str | tuple[str, ...] = choice.value
    match choice.place:
        case KeyPlace.NONE:
            return bare
        case KeyPlace.FILE if choice.secret is not None:
            value = str(stored_key_file(config_file, provider.name))
        case KeyPlace.FILE:
            value = str(config_file.parent / Path(str(value)).expanduser())
        case KeyPlace.KEYRING:
            value = provider.name
    return replace(bare, **{_FIELDS[choice.place]: value})  # type: ignore[arg-type]  # each of its own type


def keys_for(provider: Provider, choice: KeyChoice) -> Keys:
    """Return the keys to test `provider` with, before a typed key is stored."""
    return TypedKey(choice.secret) if choice.secret is not None else KeyRing(provider)


class TypedKey:
    """A key that was typed. Implements `engine.ports.Keys`."""

    supplied_by_command = False

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def get(self) -> Secret:
        """The key."""
        return self._secret

    def refresh(self, refused: Secret | None) -> Secret:  # noqa: ARG002 - required by the protocol
        """There is no other key."""
        raise KeyUnavailable(_("The key was refused"), _("Copy it again: the whole key and nothing else"))

    def describe(self) -> str:
        """The source, for the user."""
        return _("your input")


def store_key(provider: Provider, choice: KeyChoice, config_file: Path) -> Callable[[], None]:
    """Store a typed key where `choice` says; return a function that undoes it for a file.

    Raises ConfigError, KeyUnavailable.
    """
    if choice.secret is None:
        return _nothing
    if choice.place is KeyPlace.KEYRING:
        system_keyring.store(provider.name, choice.secret)
        return _nothing
    file = stored_key_file(config_file, provider.name)
    try:
        before = file.read_bytes() if file.exists() else None
        paths.private_dir(file.parent)
        paths.write_private(file, choice.secret.reveal().encode() + b"\n")
    except OSError as exc:
        reason = sanitize_line(exc.strerror or type(exc).__name__)
        raise ConfigError(_("{path} cannot be written: {reason}").format(path=file, reason=reason)) from exc

    def undo() -> None:
        with suppress(OSError):
            if before is None:
                file.unlink()
            else:
                paths.write_private(file, before)

    return undo


def _nothing() -> None:
    pass
