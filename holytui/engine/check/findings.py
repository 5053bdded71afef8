"""Findings of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holytui.formatting import decimal
from holytui.i18n import N_, _


class FindingStatus(StrEnum):
    """The result of a check; the value is its symbol in the output."""

    OK = "✓"
    WARNING = "▲"
    """It works, with a limitation."""
    FAILED = "✗"
    SKIPPED = "·"
    """Not run, because an earlier step failed."""


class CheckTopic(StrEnum):
    """The subject of a finding; the value is its name, translated where it is shown."""

    CONFIG = N_("config")
    LOG = N_("log")
    HISTORY = N_("history")
    MODEL = N_("model")
    PROXY = N_("proxy")
    NAME = N_("host name")
    KEY = N_("key")
    CONNECTION = N_("connection")
    TLS = N_("TLS")
    HTTP = N_("HTTP")
    CONTINUATION = N_("continuation")
    MODELS = N_("models")
    FIRST_TOKEN = N_("first token")
    STREAMING = N_("streaming")
    USAGE = N_("usage")
    TERMINAL = N_("terminal")
    SIZE = N_("size")
    COLOURS = N_("colours")
    SYNC = N_("sync updates")
    ROUND_TRIP = N_("round trip")
    CHARACTERS = N_("characters")
    INPUT_METHOD = N_("input method")
    KEYS = N_("keys")
    CLIPBOARD = N_("clipboard")
    FILE_SYSTEM = N_("file system")
    SPACE = N_("free space")
    INTEGRITY = N_("integrity")
    CONTENT = N_("content")
    PERMISSIONS = N_("permissions")
    OTHERS = N_("processes")
    BACKUPS = N_("other files")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check."""

    status: FindingStatus
    topic: CheckTopic
    text: str
    hints: tuple[str, ...] = ()
    """Next steps, and remarks."""


class CheckGroup(StrEnum):
    """A group of findings; the value is its title, translated where it is shown."""

    CONFIGURATION = N_("Configuration")
    CONNECTION = N_("Connection")
    TERMINAL = N_("Terminal")
    HISTORY = N_("History")


def skipped(topic: CheckTopic) -> Finding:
    """The finding for a step that was not run."""
    return Finding(FindingStatus.SKIPPED, topic, _("not tried"))


def as_hints(text: str) -> tuple[str, ...]:
    """`text` as a tuple of hints; empty without text."""
    return (text,) if text else ()


def seconds(value: float) -> str:
    """Format a duration in seconds, such as `0.8 s`."""
    return _("{number} s").format(number=decimal(value, 1))
