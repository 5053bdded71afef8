"""The guide's topics: Markdown files with a title and keywords before the text.

Keys stand in them as `{key:chat.stop}`, files of this machine as `{path:config}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from holytui import paths
from holytui.keymap import BY_ID, display_key
from holytui.text import sanitize_line

KEYS_TOPIC = "keys"
KEY_MARK = re.compile(r"\{key:([a-z_.]+)\}")
"""Group 1: id of the action."""
PATH_MARK = re.compile(r"\{path:([a-z]+)\}")
"""Group 1: one of `PATHS`."""
PATHS: Mapping[str, Callable[[], Path]] = MappingProxyType(
    {
        "config": paths.config_file,
        "themes": lambda: paths.config_dir() / "themes",
        "history": paths.history_file,
        "copy": paths.copied_file,
    }
)
TYPED: Mapping[str, str] = MappingProxyType({"app.theme": "/theme"})
"""What is typed for an action that has no key by default."""

_ROW = re.compile(rf"^\|\s*({KEY_MARK.pattern})\s*\|\s*(.*?)\s*\|$")


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that the guide can tell about."""

    name: str
    title: str
    keywords: str
    """Words that a question about it may have."""
    body: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A row of the table of keys."""

    section: str
    """Where the key acts: the heading above."""
    mark: str
    """The placeholder of the key."""
    text: str
    """What it does."""


@cache
def load(language: str) -> tuple[Topic, ...]:
    """All topics in `language` (`en` or `vi`), by title."""
    folder = resources.files("holytui.guide") / "topics" / language
    found = [_parse(file.name.removesuffix(".md"), file.read_text("utf-8")) for file in folder.iterdir()]
    return tuple(sorted(found, key=lambda topic: topic.title.casefold()))


@cache
def recital(language: str, file: str) -> str:
    """A text to be recited: `holytui/guide/recitals/LANGUAGE/FILE`."""
    return (resources.files("holytui.guide") / "recitals" / language / file).read_text("utf-8").strip()


@cache
def word_list(name: str) -> frozenset[str]:
    """The folded words of `holytui/guide/words/NAME.txt`."""
    return frozenset((resources.files("holytui.guide") / "words" / f"{name}.txt").read_text("utf-8").split())


def fill(text: str, keys: Mapping[str, str]) -> str:
    """`text` with its placeholders replaced by the keys in force, or by the default ones (`–` is: no key), and by the
    files of this machine."""
    text = KEY_MARK.sub(lambda mark: keys.get(mark[1], default_keys(mark[1])) or "–", text)
    return PATH_MARK.sub(lambda mark: sanitize_line(str(PATHS[mark[1]]())), text)


def default_keys(action: str) -> str:
    """The keys of an action as they are before any configuration, such as `Ctrl+J, Alt+Enter`."""
    keys = BY_ID[action].keys
    if len(keys) > 1 and "".join(keys).isdigit():
        return f"{keys[0]}–{keys[-1]}"
    return ", ".join(map(display_key, keys)) or TYPED.get(action, "")


def key_rows(language: str) -> tuple[KeyRow, ...]:
    """The rows of the topic on keys."""
    body = next(topic.body for topic in load(language) if topic.name == KEYS_TOPIC)
    rows = []
    section = ""
    for line in body.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif found := _ROW.match(line):
            rows.append(KeyRow(section, found[1], found[3]))
    return tuple(rows)


def _parse(name: str, text: str) -> Topic:
    title, keywords, body = text.split("\n", 2)
    return Topic(name, title.removeprefix("title:").strip(), keywords.removeprefix("keywords:").strip(), body.strip())
