"""API keys are values that do not print themselves; no text that leaves us may hold one, and no program that we start
gets the variables in which they are."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Mapping, Sequence

_MASK = "•••"
_SHORTEST = 6  # a shorter "key" is a placeholder such as "none"; masking it would mangle ordinary words
_known: set[str] = set()
_variables: set[str] = set()
_lock = threading.Lock()


class Secret:
    """A secret string: `reveal()` is the only way to its text. Every one is known to `scrub`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        if len(text) >= _SHORTEST:
            with _lock:
                _known.add(text)

    def reveal(self) -> str:
        """The secret itself, for an Authorization header and nothing else."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"Secret({_MASK})"

    __str__ = __repr__

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        raise TypeError("a secret is not to be pickled")


def scrub(text: str) -> str:
    """`text` with every known secret masked; for anything shown, logged or stored that others wrote."""
    with _lock:
        known = sorted(_known, key=len, reverse=True)
    for secret in known:
        if secret in text:
            text = text.replace(secret, _MASK)
    return text


def withhold_variables(variables: Iterable[str]) -> None:
    """These environment variables hold keys: from now on they are not in `child_environment`."""
    with _lock:
        _variables.update(filter(None, variables))


def child_environment(command: Sequence[str] = (), environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for a program that holytui starts: without the variables that hold keys, apart from those that
    `command` itself names, as in `["sh", "-c", "decrypt $WORK_KEY"]`."""
    with _lock:
        variables = set(_variables)
    named = set(re.findall(r"\w+", " ".join(command)))
    return {name: value for name, value in environ.items() if name not in variables or name in named}
