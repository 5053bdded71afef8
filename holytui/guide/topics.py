"""The topics of the guide: Markdown files with a title and keywords before the text.

`{key:chat.stop}` stands for a key, `{path:config}` for a file of this machine.
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
"""Commands to type for actions that have no key by default."""

_ROW = re.compile(rf"^\|\s*({KEY_MARK.pattern})\s*\|\s*(.*?)\s*\|$")


@dataclass(frozen=True, slots=True)
class GuideTopic:
    """A topic that the guide knows."""

    name: str
    title: str
    keywords: str
    """Words of questions about it, separated by commas."""
    body: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A row of the table of keys."""

    section: str
    """The heading above the table."""
    mark: str
    """The placeholder of the key."""
    text: str
    """Description of the action."""


@cache
def load(language: str) -> tuple[GuideTopic, ...]:
    """Return all topics in `language` (`en` or `vi`), by title."""
    folder = resources.files("holytui.guide") / "topics" / language
    topics = [_parse(file.name.removesuffix(".md"), file.read_text("utf-8")) for file in folder.iterdir()]
    return tuple(sorted(topics, key=lambda topic: topic.title.casefold()))


@cache
def recital(language: str, file: str) -> str:
    """Return the text of `holytui/guide/recitals/LANGUAGE/FILE`."""
    return (resources.files("holytui.guide") / "recitals" / language / file).read_text("utf-8").strip()


@cache
def word_list(name: str) -> frozenset[str]:
    """Return the folded words of `holytui/guide/words/NAME.txt`."""
    return frozenset((resources.files("holytui.guide") / "words" / f"{name}.txt").read_text("utf-8").split())


def fill(text: str, keys: Mapping[str, str]) -> str:
    """Replace the placeholders in `text` by keys and by files of this machine.

    Keys are those of `keys`, else the default ones; `–` stands for an action without a key.
    """
    text = KEY_MARK.sub(lambda mark: keys.get(mark[1], default_keys(mark[1])) or "–", text)
    return PATH_MARK.sub(lambda mark: sanitize_line(str(PATHS[mark[1]]())), text)


def default_keys(action: str) -> str:
    """Return the default keys of an action, such as `Ctrl+J, Alt+Enter`."""
    keys = BY_ID[action].keys
    if len(keys) > 1 and "".join(keys).isdigit():
        return f"{keys[0]}–{keys[-1]}"
    return ", ".join(map(display_key, keys)) or TYPED.get(action, "")


def key_rows(language: str) -> tuple[KeyRow, ...]:
    """Return the rows of the topic on keys."""
    body = next(topic.body for topic in load(language) if topic.name == KEYS_TOPIC)
    rows = []
    section = ""
    for line in body.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif row := _ROW.match(line):
            rows.append(KeyRow(section, row[1], row[3]))
    return tuple(rows)


def _parse(name: str, text: str) -> GuideTopic:
    title, keywords, body = text.split("\n", 2)
    return GuideTopic(
        name, title.removeprefix("title:").strip(), keywords.removeprefix("keywords:").strip(), body.strip()
    )
