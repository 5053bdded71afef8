"""Texts that name keys, as data: `{press:message.resume} to go on.` is rendered where it is shown.

A hint is a sequence of sentences, one a line. `{key:ID}` stands for what does an action: its key, or the command that
is typed for it. `{press:ID}` stands for "press c" or "type /continue", `{Press:ID}` for the same at the beginning of a
sentence. A sentence that names an action which nothing does at that place is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MARK = re.compile(r"\{(key|press|Press):([a-z_]+\.[a-z_]+)\}")
"""Group 1: the form. Group 2: the id of the action."""


@dataclass(frozen=True, slots=True)
class ActionNames:
    """What does each action at one place of the program, by id."""

    keys: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    """What is typed where an action has no key."""
    press: str = "press {key}"
    type: str = "type {key}"

    def name_of(self, action: str) -> str:
        """The key or command; empty if there is neither."""
        return self.keys.get(action) or self.commands.get(action, "")

    def render(self, text: str, between: str = " ") -> str:
        """The sentences of `text` with every action named, and without those that name one which has no name here."""
        if "\n" not in text and MARK.search(text) is None:
            return text
        return between.join(filter(None, map(self._sentence, text.split("\n"))))

    def _sentence(self, sentence: str) -> str:
        if all(self.name_of(found[2]) for found in MARK.finditer(sentence)):
            return MARK.sub(self._named, sentence)
        return ""

    def _named(self, found: re.Match[str]) -> str:
        form, action = found.groups()
        name = self.name_of(action)
        if form == "key":
            return name
        words = (self.press if self.keys.get(action) else self.type).format(key=name)
        return words[0].upper() + words[1:] if form == "Press" else words


KEYLESS = ActionNames()
"""For scripts, files and logs, where no key can be pressed."""


def sentences(*parts: str) -> str:
    """A hint of these sentences; empty ones are left out."""
    return "\n".join(filter(None, parts))
