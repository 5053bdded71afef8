"""Problems of a configuration, with file, line and key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from holytui.i18n import _
from holytui.text import sanitize_line

KeyPath: TypeAlias = tuple[str | int, ...]
"""Path of a value in TOML: names of tables and keys, and array indices from 0."""

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class Severity(StrEnum):
    """Effect of a problem: ERROR if the value is not used, WARNING if it is used but should be changed."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One problem. `str()` returns one line, such as
    `config.toml:12: stream.max_retries: found "three", expected a whole number of 0 or more`.
    """

    file: Path
    line: int | None
    key: str
    """The dotted key; empty for the whole file."""
    found: str = ""
    expected: str = ""
    text: str = ""
    """A message used instead of `found` and `expected`."""
    column: int | None = None
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file.name, self.line, self.column) if part is not None)
        message = self.text or _("found {found}, expected {expected}").format(found=self.found, expected=self.expected)
        return sanitize_line(f"{place}: {self.key}: {message}" if self.key else f"{place}: {message}")


def dotted(path: KeyPath) -> str:
    """Return `path` in TOML syntax: `("keys", "chat.stop")` is `keys."chat.stop"`."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            name = part if part and _BARE.issuperset(part) else '"' + sanitize_line(part).replace('"', '\\"') + '"'
            out += f".{name}" if out else name
    return out


def describe_value(value: object, *, redacted: bool = False, limit: int = 40) -> str:
    """Describe a TOML value in a problem; `redacted` names only its type, for possible secrets."""
    match value:
        case str() if redacted:
            return _("a text") if value else _("an empty text")
        case str():
            line = sanitize_line(value)
            return f'"{line[: limit - 1]}…"' if len(line) > limit else f'"{line}"'
        case bool():
            return "true" if value else "false"
        case int() | float() if redacted:
            return _("a number")
        case int() | float():
            return str(value) if abs(value) < 1e15 or value != value else f"{value:.3g}"
        case list():
            return _("a list")
        case dict():
            return _("a table")
        case _:
            return _("a date or time")
