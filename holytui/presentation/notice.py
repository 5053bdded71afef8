"""The state of the connection in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holytui import formatting as fmt
from holytui.text import visible


class Level(StrEnum):
    """The severity of a text, which selects its colour; the text says the same without colour."""

    CALM = "calm"
    BUSY = "busy"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection's state in words. `due` is when a countdown in it ends (engine clock), `since` when it began."""

    level: Level
    text: str
    """A template: `{left}` and `{time}` are filled in."""
    due: float | None = None
    since: float | None = None

    @classmethod
    def plain(cls, level: Level, text: str) -> Connection:
        """Create one from foreign text, without placeholders."""
        return cls(level, visible(text).replace("{", "{{").replace("}", "}}"))

    def words(self, now: float) -> str:
        """Return the text with its countdown (`{left}`) or running time (`{time}`)."""
        left = fmt.seconds(max(0.0, self.due - now)) if self.due is not None else ""
        time = fmt.seconds(now - self.since) if self.since is not None else ""
        return self.text.format(left=left, time=time)

    @property
    def moving(self) -> bool:
        """The text changes with time."""
        return self.due is not None or self.since is not None
