"""The grammar of normal and visual mode: from keys to a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_letters, digits

from holytui.ui.composer.vim.motions import MOTIONS
from holytui.ui.composer.vim.text_objects import text_object

_OPERATORS = frozenset(("d", "c", "y", ">", "<", "gu", "gU", "g~"))
_WITH_CHARACTER = frozenset("fFtTr")
_REGISTERS = frozenset(ascii_letters + digits + '"-_+*')
_NORMAL = frozenset(("i", "a", "I", "A", "o", "O", "p", "P", "J", "~", ".", "u", "ctrl+r", "v", "V", "r"))
_VISUAL = frozenset(("o", "O", "p", "P", "J", "r", "v", "V"))
_SHORT = {
    "x": ("d", "l"),
    "delete": ("d", "l"),
    "X": ("d", "h"),
    "D": ("d", "$"),
    "C": ("c", "$"),
    "s": ("c", "l"),
    "S": ("c", "c"),
    "Y": ("y", "y"),
}
"""Operator and motion of a short command; an operator as its motion means lines."""
_VISUAL_OPERATORS = {"x": "d", "delete": "d", "s": "c", "~": "g~", "u": "gu", "U": "gU"}
_VISUAL_LINES = {"X": "d", "D": "d", "C": "c", "S": "c", "R": "c", "Y": "y"}


@dataclass(frozen=True, slots=True)
class KeyCommand:
    """A complete command."""

    verb: str
    """A motion, `i` or `a` of a text object, an operator twice (lines), or a command of its own."""
    operator: str = ""
    argument: str = ""
    """The character of `f` or `r`, or the name of a text object."""
    count: int | None = None
    register: str = ""
    is_lines: bool = False
    """Whether an operator takes the lines of the visual selection."""


class _MoreKeys(Exception):
    """The keys are the start of a command."""


class _Reader:
    __slots__ = ("_at", "_keys")

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self._at = 0

    def next(self) -> str:
        if self._at >= len(self._keys):
            raise _MoreKeys
        self._at += 1
        return self._keys[self._at - 1]

    def count(self) -> tuple[int | None, str]:
        """A count, or None, and the key after it."""
        number, key = "", self.next()
        while key.isascii() and key.isdigit() and (number or key != "0"):
            number += key
            key = self.next()
        return (min(int(number[:6]), 99_999) if number else None), key


def parse(keys: Sequence[str], *, visual: bool) -> KeyCommand | bool | None:
    """The command of keys; True while more keys may complete it, None if they have no meaning."""
    try:
        return _command(_Reader(keys), visual=visual)
    except _MoreKeys:
        return True


def _command(keys: _Reader, *, visual: bool) -> KeyCommand | None:
    count, key = keys.count()
    register = ""
    while key == '"':
        register = keys.next()
        if register not in _REGISTERS:
            return None
        again, key = keys.count()
        count = _product(count, again)
    if key == "g":
        key += keys.next()
    found = KeyCommand(key, count=count, register=register)
    if visual:
        return _visual(keys, found)
    if key in _SHORT:
        operator, verb = _SHORT[key]
        return replace(found, verb=verb, operator=operator)
    if key in _OPERATORS:
        return _operation(keys, found)
    if key in _NORMAL or key in MOTIONS:
        return _with_argument(keys, found)
    return None


def _visual(keys: _Reader, found: KeyCommand) -> KeyCommand | None:
    key = found.verb
    if key in ("i", "a"):
        return _object(keys, found)
    operator = _VISUAL_OPERATORS.get(key) or _VISUAL_LINES.get(key) or key
    if operator in _OPERATORS:
        return replace(found, verb="", operator=operator, is_lines=key in _VISUAL_LINES)
    return _with_argument(keys, found) if key in _VISUAL or key in MOTIONS else None


def _operation(keys: _Reader, found: KeyCommand) -> KeyCommand | None:
    operator = found.verb
    count, key = keys.count()
    if key == "g":
        key += keys.next()
    found = replace(found, verb=key, operator=operator, count=_product(found.count, count))
    if key in (operator, operator[-1]):
        return replace(found, verb=operator)
    if key in ("i", "a"):
        return _object(keys, found)
    return _with_argument(keys, found) if key in MOTIONS else None


def _object(keys: _Reader, found: KeyCommand) -> KeyCommand | None:
    name = keys.next()
    return replace(found, argument=name) if text_object(name, around=found.verb == "a") else None


def _with_argument(keys: _Reader, found: KeyCommand) -> KeyCommand | None:
    if found.verb not in _WITH_CHARACTER:
        return found
    char = keys.next()
    return replace(found, argument=char) if len(char) == 1 or (found.verb, char) == ("r", "enter") else None


def _product(first: int | None, second: int | None) -> int | None:
    return None if first is None and second is None else (first or 1) * (second or 1)
