"""Slash commands: actions of the palette by a typed name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from holytui.text import nearest

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "new": "chat.new",
        "model": "model.pick",
        "system": "chat.system",
        "search": "history.search",
        "find": "log.search",
        "earlier": "prompt.search",
        "copy": "chat.copy",
        "copyall": "chat.copy_all",
        "retry": "message.retry",
        "continue": "message.resume",
        "continueall": "chat.resume_all",
        "edit": "message.edit",
        "fork": "message.fork",
        "variant": "message.variant",
        "tree": "chat.tree",
        "label": "message.label",
        "attempts": "message.details",
        "seams": "message.undo_seam",
        "pager": "message.pager",
        "links": "message.links",
        "print": "message.print",
        "export": "chat.export",
        "prompt": "chat.prompt",
        "effort": "chat.effort",
        "overlimit": "chat.over_limit",
        "rename": "sidebar.rename",
        "pin": "sidebar.pin",
        "tag": "sidebar.tag",
        "archive": "sidebar.archive",
        "archived": "sidebar.archived",
        "local": "sidebar.local",
        "delete": "sidebar.delete",
        "undelete": "sidebar.undo",
        "sidebar": "sidebar.toggle",
        "filter": "sidebar.filter",
        "details": "app.details",
        "settings": "app.settings",
        "reload": "app.reload",
        "sync": "app.sync",
        "connect": "app.connect",
        "check": "app.check",
        "editor": "prompt.editor",
        "theme": "app.theme",
        "mouse": "app.mouse",
        "repaint": "app.repaint",
        "suspend": "app.suspend",
        "actions": "app.palette",
        "help": "app.help",
        "stop": "chat.stop",
        "quit": "app.quit",
    }
)
"""Name to action id, in the order of completion."""

TAKES_WORDS = frozenset({"model", "effort", "prompt", "search", "find", "rename", "label", "tag", "settings", "sync"})
"""Commands that accept text: `/model ollama/llama3.2`."""


def name_of(action: str) -> str:
    """The slash command of an action, such as `/new`, or empty."""
    return next((f"/{name}" for name, named in COMMANDS.items() if named == action), "")


@dataclass(frozen=True, slots=True)
class Command:
    """A valid command: its action, and the text after it."""

    action: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Alone:
    """A command that accepts no text, with text after it."""

    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A line that begins with `/` and names no command; `meant` is the closest command, or empty."""

    name: str
    meant: str


def parse(text: str) -> Command | Alone | Unknown | str:
    """Parse the prompt: a command, or the question to send (`//` stands for a slash).

    Only a single line can be a command.
    """
    if not text.startswith("/") or "\n" in text:
        return text
    if text.startswith("//"):
        return text[1:]
    written, _space, words = text[1:].strip().partition(" ")
    name, words = written.lower(), words.strip()
    if name not in COMMANDS:
        return Unknown(f"/{written}", nearest(name, list(COMMANDS)) or "")
    return Alone(f"/{name}") if words and name not in TAKES_WORDS else Command(COMMANDS[name], words)


def offered(text: str) -> list[str]:
    """Commands that complete a line: those that begin with it, then those that contain it."""
    if not text.startswith("/") or text.startswith("//") or "\n" in text or " " in text:
        return []
    typed = text[1:].lower()
    first = [name for name in COMMANDS if name.startswith(typed)]
    return first + [name for name in COMMANDS if typed in name and name not in first]
