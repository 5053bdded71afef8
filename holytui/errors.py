"""Hierarchy of errors shown to the user, each with a title and a remedy.

    HolytuiError
    ├── ConfigError        the configuration cannot be used
    │   └── ProviderBlocked  a setting of the provider is invalid, so nothing is sent to it
    ├── ModelUnknown       the provider or model is not configured
    ├── KeyUnavailable     the source of the API key failed
    ├── StoreError         the history cannot be read or written
    │   ├── StoreNewer     written by a newer holytui
    │   ├── StoreBusy      locked by another process for too long
    │   ├── StoreFull      no space left, or the folder is read-only
    │   ├── StoreCorrupt   not a database, or a damaged one
    │   └── SharingFailed  the database that shares the history cannot be used
    ├── TransferError      an import or export cannot be done
    ├── SyncError          a sync with another host or a folder failed
    ├── NotAttached        a file that a question names cannot be sent with it
    ├── TerminalError      an operation on the terminal, clipboard or editor failed
    └── GuideError         the built-in guide could not start

Failures of requests are not exceptions but values: `holytui.faults.Fault`.
"""

from __future__ import annotations

from holytui.hints import KEYLESS, sentences


class HolytuiError(Exception):
    """Error to be shown: `title` describes it, `hint` has the remedy as sentences of `holytui.hints`."""

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint

    def __str__(self) -> str:
        return KEYLESS.render(self.full_text)

    @property
    def full_text(self) -> str:
        """Title and hint with placeholders for keys, for `hints.ActionNames.render`."""
        return sentences(f"{self.title}.", self.hint) if self.hint else self.title


class ConfigError(HolytuiError):
    """The configuration cannot be used."""


class ProviderBlocked(ConfigError):
    """A setting of the provider is invalid, so nothing is sent to it."""


class EffortUnknown(HolytuiError):
    """The name of a level of reasoning effort is unknown."""


class PromptUnusable(HolytuiError):
    """A saved prompt is unknown, or has variables without a value."""


class SchemaUnusable(HolytuiError):
    """A JSON schema cannot be read or applied."""


class ModelUnknown(HolytuiError):
    """The provider or model is not configured."""


class KeyUnavailable(HolytuiError):
    """The source of the API key failed. `transient`: its server was not reached, so a retry may succeed."""

    def __init__(self, title: str, hint: str = "", *, transient: bool = False) -> None:
        super().__init__(title, hint)
        self.transient = transient


class StoreError(HolytuiError):
    """The history cannot be read or written."""


class HistoryNotOpen(StoreError):
    """The history is still being opened."""


class StoreNewer(StoreError):
    """The history was written by a newer holytui."""


class StoreBusy(StoreError):
    """Another process locked the history for too long."""


class StoreFull(StoreError):
    """The history cannot be written: no space is left, or the folder is read-only."""


class StoreCorrupt(StoreError):
    """The history is not a database, or a damaged one."""


class SharingFailed(StoreError):
    """The database that shares the history cannot be reached or used; the history of this host is complete."""


class TransferError(HolytuiError):
    """An import or export cannot be done."""


class SyncError(HolytuiError):
    """A sync with another host or a folder failed; what had arrived is kept."""


class NotAttached(HolytuiError):
    """A file that a question names cannot be sent with it."""


class TerminalError(HolytuiError):
    """An operation on the terminal, clipboard or editor failed."""


class GuideError(HolytuiError):
    """The built-in guide could not start."""
