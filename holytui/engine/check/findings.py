"""What a check found, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holytui.i18n import N_, _, language


class Mark(StrEnum):
    """How a finding is to be taken; the value is the sign that stands before it."""

    GOOD = "✓"
    DOUBTFUL = "▲"
    """It works, but something about it should be known."""
    BAD = "✗"
    SKIPPED = "·"
    """It could not be tried, because of something before it."""


class Topic(StrEnum):
    """What a finding is about; the value is its name, translated where it is shown."""

    CONFIG = N_("config")
    LOG = N_("log")
    HISTORY = N_("history")
    MODEL = N_("model")
    KEY = N_("key")
    CONNECTION = N_("connection")
    REQUEST = N_("request")
    CONTINUATION = N_("continuation")
    MODELS = N_("models")
    CLIPBOARD = N_("clipboard")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check."""

    mark: Mark
    topic: Topic
    text: str
    hints: tuple[str, ...] = ()
    """Next steps, where it is not fine; and what else belongs to it."""


def skipped(topic: Topic) -> Finding:
    """It could not be tried."""
    return Finding(Mark.SKIPPED, topic, _("not tried"))


def some(text: str) -> tuple[str, ...]:
    """`text` as hints, if there is one."""
    return (text,) if text else ()


def seconds(value: float) -> str:
    """`0.8 s`."""
    text = f"{value:.1f}"
    return _("{number} s").format(number=text.replace(".", ",") if language() == "vi" else text)
