"""Hints with placeholders for keys, such as `{press:message.resume} to continue.`, rendered where they are shown.

A hint is a sequence of sentences, one per line. `{key:ID}` is replaced by the key of an action, or by its command;
`{press:ID}` by "press c" or "type /continue", and `{Press:ID}` by the same, capitalised. A sentence with an action that
has neither where it is shown is omitted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MARK = re.compile(r"\{(key|press|Press):([a-z_]+\.[a-z_]+)\}")
"""Group 1: the form. Group 2: the id of the action."""


@dataclass(frozen=True, slots=True)
class ActionNames:
    """Keys and commands of the actions available in one part of the program, by id."""

    keys: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    """Commands of actions without a key."""
    press: str = "press {key}"
    type: str = "type {key}"

    def name_of(self, action: str) -> str:
        """Return the key or command of an action; empty if there is neither."""
        return self.keys.get(action) or self.commands.get(action, "")

    def render(self, text: str, between: str = " ") -> str:
        """Return the sentences of `text` with placeholders replaced, omitting those with an unavailable action."""
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
"""For scripts, files and logs, where no keys are available."""


def sentences(*parts: str) -> str:
    """Join sentences to a hint, omitting empty ones."""
    return "\n".join(filter(None, parts))
