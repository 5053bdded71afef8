"""Misspelt commands, which must not be sent to a model as questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from holytui.commands.output import confirm, print_to_stderr
from holytui.i18n import _
from holytui.text import sanitize_line

_MOST_WORDS = 2
"""More words are a question, whatever the first one is."""
_PREFIX = 3
_LONG = 7
"""Letters of a name from which two wrong letters are allowed."""


def intended_command(words: Sequence[str], commands: Iterable[str]) -> str:
    """Return the command that the first word probably means; empty if the words are a question."""
    if not words or len(words) > _MOST_WORDS or len(words[0].split()) != 1:
        return ""
    word = words[0].casefold()
    for name in commands:
        allowed = 2 if len(name) >= _LONG else 1
        if (len(word) >= _PREFIX and name.startswith(word)) or _edit_distance(word, name) <= allowed:
            return name
    return ""


def confirm_question(words: Sequence[str], command: str) -> bool:
    """Return whether to send words to a model although the first is nearly `command`.

    A person is asked; without a terminal nothing is sent.
    """
    warning = _("no command “{word}”; did you mean `holytui {command}`?").format(
        word=sanitize_line(words[0]), command=command
    )
    ask = _("{warning} Send it to the model as a question? [y/N] ").format(warning=warning)
    if confirm(f"holytui: {ask}", _("yes")):
        return True
    anyway = "holytui ask -- " + " ".join(words)
    print_to_stderr(_("{warning} Nothing was sent. To ask a model: {command}").format(warning=warning, command=anyway))
    return False


def _edit_distance(one: str, other: str) -> int:
    """Return the number of missing, added, replaced or transposed letters (Damerau–Levenshtein)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row, above = row, [i], before
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]
