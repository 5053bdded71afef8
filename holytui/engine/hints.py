"""Hints name the default keys of the full screen; these are their words for other keys, and for places without any."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

_PRESS = r"(?:press|nhấn|bấm)"
_KEY = re.compile(rf"\b{_PRESS} (?:[creiuv]|F\d+)\b|\bF\d+\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?]) +")
_CLAUSE = re.compile(rf"; (?:or |hoặc )?|,? (?:then|or|rồi|hoặc) (?={_PRESS} |F\d)", re.IGNORECASE)

COMMANDS: Mapping[str, str] = MappingProxyType({"c": "/continue", "r": "/retry", "F2": "/model NAME", "F4": "/new"})
"""What plain mode has in place of keys."""
_ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "c": "message.resume",
        "r": "message.retry",
        "e": "message.edit",
        "i": "message.details",
        "u": "message.undo_seam",
        "v": "message.variant",
        "F2": "model.pick",
        "F4": "chat.new",
    }
)
"""What the default keys do that hints name."""
_NAMED = re.compile(rf"\b({_PRESS} )([creiuv])\b|\b()(F2|F4)\b", re.IGNORECASE)
_PRESSED = re.compile(rf"\b({_PRESS}) (c|r|F2|F4)\b|\b(F2|F4)\b", re.IGNORECASE)
_TYPE = {"press": "type", "nhấn": "gõ", "bấm": "gõ"}


def with_keys(hint: str, keys: Mapping[str, str]) -> str:
    """`hint` with the keys in force, by action (an empty one: it has no key, and no clause tells to press it)."""
    if all(keys.get(action, default) == default for default, action in _ACTIONS.items()):
        return hint
    sentences = (_with_keys(sentence, keys) for sentence in _SENTENCE.split(hint))
    return " ".join(sentence for sentence in sentences if sentence)


def without_keys(hint: str) -> str:
    """`hint` without the clauses that tell to press a key."""
    sentences = (_keyless(sentence) for sentence in _SENTENCE.split(hint))
    return " ".join(sentence for sentence in sentences if sentence)


def with_commands(hint: str) -> str:
    """`hint` with plain mode's commands in place of keys; what no command can do is left out."""
    sentences = (_PRESSED.sub(_typed, sentence) for sentence in _SENTENCE.split(hint))
    return " ".join(kept for kept in map(_keyless, sentences) if kept)


def _with_keys(sentence: str, keys: Mapping[str, str]) -> str:
    def gone(clause: str) -> bool:
        return any(keys.get(_ACTIONS[_default(found)]) == "" for found in _NAMED.finditer(clause))

    kept = _without(sentence, gone)
    return _NAMED.sub(lambda found: (found[1] or "") + keys.get(_ACTIONS[_default(found)], _default(found)), kept)


def _default(found: re.Match[str]) -> str:
    key = found[2] or found[4]
    return key if key in _ACTIONS else key.swapcase()


def _keyless(sentence: str) -> str:
    return _without(sentence, lambda clause: _KEY.search(clause) is not None)


def _without(sentence: str, gone: Callable[[str], bool]) -> str:
    """The sentence without the clauses that are `gone`."""
    if not gone(sentence):
        return sentence
    clauses = [clause for clause in _CLAUSE.split(sentence) if not gone(clause)]
    kept = "; ".join(clauses).rstrip(".")
    if not kept:
        return ""
    # names of settings stay as they are written
    return f"{kept}." if "_" in kept.partition(" ")[0] else f"{kept[0].upper()}{kept[1:]}."


def _typed(found: re.Match[str]) -> str:
    verb, key = found[1], found[2] or found[3]
    command = COMMANDS[key if key in COMMANDS else key.swapcase()]
    if not verb:
        return command
    word = _TYPE[verb.lower()]
    return f"{word.capitalize() if verb[0].isupper() else word} {command}"
