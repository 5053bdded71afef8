"""Protection of API keys: values without a printable form, masking in texts, and filtered child environments."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Mapping, Sequence

_MASK = "•••"
_SHORTEST = 6  # shorter keys are placeholders such as "none", and masking them would mangle ordinary words
_known: set[str] = set()
_variables: set[str] = set()
_lock = threading.Lock()


class Secret:
    """A secret string, readable only by `reveal()` and masked by `scrub`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        if len(text) >= _SHORTEST:
            with _lock:
                _known.add(text)

    def reveal(self) -> str:
        """Return the secret text, for the request that needs it only."""
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
    """Return `text` with every known secret masked. For foreign text that is shown, logged or stored."""
    with _lock:
        known = sorted(_known, key=len, reverse=True)
    for secret in known:
        if secret in text:
            text = text.replace(secret, _MASK)
    return text


def withhold_variables(variables: Iterable[str]) -> None:
    """Exclude environment variables that hold keys from `child_environment`."""
    with _lock:
        _variables.update(filter(None, variables))


def child_environment(command: Sequence[str] = (), environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for a child process, without the variables that hold keys.

    Variables that `command` names, as in `["sh", "-c", "decrypt $WORK_KEY"]`, are kept.
    """
    with _lock:
        variables = set(_variables)
    named = set(re.findall(r"\w+", " ".join(command)))
    return {name: value for name, value in environ.items() if name not in variables or name in named}
