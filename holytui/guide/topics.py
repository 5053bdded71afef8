"""The guide's topics: Markdown files with a title and keywords before the text, and keys as `{key:chat.stop|Esc}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

KEYS_TOPIC = "keys"
KEY_MARK = re.compile(r"\{key:([a-z_.]+)\|(.[^}|]*)\}")
"""Group 1: id of the action. Group 2: how its default key is shown."""

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
    """`text` with its key placeholders replaced by the keys in force, or by their defaults; `–` is: no key."""
    return KEY_MARK.sub(lambda mark: keys.get(mark[1], mark[2]) or "–", text)


def key_rows(language: str) -> tuple[KeyRow, ...]:
    """The rows of the topic on keys."""
    body = next(topic.body for topic in load(language) if topic.name == KEYS_TOPIC)
    rows = []
    section = ""
    for line in body.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif found := _ROW.match(line):
            rows.append(KeyRow(section, found[1], found[4]))
    return tuple(rows)


def _parse(name: str, text: str) -> Topic:
    title, keywords, body = text.split("\n", 2)
    return Topic(name, title.removeprefix("title:").strip(), keywords.removeprefix("keywords:").strip(), body.strip())
