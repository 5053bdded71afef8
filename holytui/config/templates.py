"""Saved prompts with variables: `Translate into {language}:`.

`{name}` is a variable; `{{name}}` is the text `{name}`, and `{{` a brace. All other braces are text, as in JSON.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from holytui.errors import PromptUnusable
from holytui.i18n import _, ngettext
from holytui.text import nearest, sanitize_line

_MARK = re.compile(r"\{\{(?P<literal>[^{}]*)\}\}|(?P<brace>\{\{)|\{(?P<name>[^\W\d][\w-]*)\}")
_ASSIGNMENT = re.compile(r"([^\W\d][\w-]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FilledPrompt:
    """A saved prompt with values for its variables, and the words that follow it."""

    name: str
    text: str = field(repr=False)
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    rest: str = field(default="", repr=False)

    @property
    def missing(self) -> tuple[str, ...]:
        """Variables without a value, in order."""
        return tuple(name for name in variables(self.text) if name not in self.values)

    def render(self) -> str:
        """Return the text with the values in place of the variables. Raises PromptUnusable if one is missing."""
        if missing := self.missing:
            title = ngettext(
                "The prompt “{prompt}” needs a value for {names}",
                "The prompt “{prompt}” needs values for {names}",
                len(missing),
            )
            example = " ".join(f"{name}=…" for name in missing)
            raise PromptUnusable(
                title.format(prompt=self.name, names=", ".join(missing)),
                _("Add {example}.").format(example=example),
            )
        return _MARK.sub(self._replacement, self.text)

    def _replacement(self, match: re.Match[str]) -> str:
        if (name := match["name"]) is not None:
            return self.values[name]
        return "{" if match["brace"] is not None else "{" + match["literal"] + "}"


def variables(text: str) -> tuple[str, ...]:
    """Return the names of the variables of a prompt, each once, in order."""
    return tuple(dict.fromkeys(match["name"] for match in _MARK.finditer(text) if match["name"] is not None))


def fill(prompts: Mapping[str, str], name: str, words: Sequence[str]) -> FilledPrompt:
    """Return the prompt of this name, with the values of words such as `language=French`.

    Other words are `rest`. Raises PromptUnusable for an unknown prompt or variable.
    """
    text = prompts.get(name)
    if text is None:
        raise _unknown_prompt(prompts, name)
    known, values, rest = variables(text), dict[str, str](), list[str]()
    for word in words:
        assignment = _ASSIGNMENT.fullmatch(word)
        if assignment is None:
            rest.append(word)
        elif assignment[1] in known:
            values[assignment[1]] = assignment[2]
        else:
            raise _unknown_variable(name, assignment[1], known)
    return FilledPrompt(name, text, MappingProxyType(values), " ".join(rest))


def fill_from_line(prompts: Mapping[str, str], line: str) -> FilledPrompt:
    """Return the prompt that a line names, such as `translate language="Old French"`. Raises PromptUnusable."""
    try:
        name, *words = shlex.split(line)
    except ValueError:  # an apostrophe, or nothing
        name, *words = line.split() or [""]
    return fill(prompts, name, words)


def _unknown_prompt(prompts: Mapping[str, str], name: str) -> PromptUnusable:
    title = _("There is no prompt “{name}” in [prompts]").format(name=sanitize_line(name))
    if (suggestion := nearest(name, list(prompts))) is not None:
        return PromptUnusable(title, _('Did you mean "{name}"?').format(name=suggestion))
    if not prompts:
        return PromptUnusable(title, _("The configuration has no prompts."))
    return PromptUnusable(title, _("The prompts: {names}").format(names=", ".join(map(sanitize_line, prompts))))


def _unknown_variable(prompt: str, name: str, known: Sequence[str]) -> PromptUnusable:
    title = _("The prompt “{prompt}” has no variable “{name}”").format(prompt=sanitize_line(prompt), name=name)
    if (suggestion := nearest(name, list(known))) is not None:
        return PromptUnusable(title, _('Did you mean "{name}"?').format(name=suggestion))
    if not known:
        return PromptUnusable(title, _("It has no variables."))
    return PromptUnusable(title, _("Its variables: {names}").format(names=", ".join(known)))
