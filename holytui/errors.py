"""The one tree of errors that a user may see; each says what happened and what helps.

    HolytuiError
    ├── ConfigError        the configuration cannot be used at all
    │   └── ProviderStopped  a setting of the provider is not understood, so nothing is sent to it
    ├── ModelUnknown       no such provider or model is configured
    ├── KeyUnavailable     no API key could be had from its source
    ├── StoreError         the history cannot be read or written
    │   ├── StoreNewer     written by a newer holytui
    │   ├── StoreBusy      another process holds it for too long
    │   ├── StoreFull      no space left, or the folder is read-only
    │   └── StoreCorrupt   not a database, or a damaged one
    ├── TransferError      an import or export cannot be done
    ├── NotAttached        a file that a question names cannot be sent with it
    ├── TerminalError      the terminal, clipboard or editor did not do what was asked
    └── GuideError         the built-in guide could not start

What goes wrong with a *request* is no exception but a value: `holytui.faults.Fault`.
"""

from __future__ import annotations

from holytui.hints import KEYLESS, sentences


class HolytuiError(Exception):
    """An error to be shown: `title` says what happened, `hint` what helps, in sentences as `holytui.hints` has them."""

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint

    def __str__(self) -> str:
        return KEYLESS.render(self.told)

    @property
    def told(self) -> str:
        """All of it, with the marks of keys, for where there are keys."""
        return sentences(f"{self.title}.", self.hint) if self.hint else self.title


class ConfigError(HolytuiError):
    """The configuration cannot be used at all."""


class ProviderStopped(ConfigError):
    """A setting of the provider is not understood, so nothing is sent to it."""


class ModelUnknown(HolytuiError):
    """No such provider or model is configured."""


class KeyUnavailable(HolytuiError):
    """No API key could be had from its source. `transient`: its server was not reached, so a later try may do."""

    def __init__(self, title: str, hint: str = "", *, transient: bool = False) -> None:
        super().__init__(title, hint)
        self.transient = transient


class StoreError(HolytuiError):
    """The history cannot be read or written."""


class HistoryNotOpen(StoreError):
    """The history is still being opened, or could not be opened."""


class StoreNewer(StoreError):
    """The history was written by a newer holytui."""


class StoreBusy(StoreError):
    """Another process holds the history for too long."""


class StoreFull(StoreError):
    """The history cannot be written: no space is left, or the folder is read-only."""


class StoreCorrupt(StoreError):
    """The history is not a database, or a damaged one."""


class TransferError(HolytuiError):
    """An import or export cannot be done."""


class NotAttached(HolytuiError):
    """A file that a question names cannot be sent with it."""


class TerminalError(HolytuiError):
    """The terminal, clipboard or editor did not do what was asked."""


class GuideError(HolytuiError):
    """The built-in guide could not start."""
