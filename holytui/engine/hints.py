"""Hints name the keys of the full screen; these are their words for where no such key is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_PRESS = r"(?:press|nhấn|bấm)"
_KEY = re.compile(rf"\b{_PRESS} (?:c|r|e|F\d+)\b|\bF\d+\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?]) +")
_CLAUSE = re.compile(rf"; (?:or |hoặc )?|,? (?:then|or|rồi|hoặc) (?={_PRESS} |F\d)", re.IGNORECASE)

COMMANDS: Mapping[str, str] = MappingProxyType({"c": "/continue", "r": "/retry", "F2": "/model NAME", "F4": "/new"})
"""What plain mode has in place of keys."""
_PRESSED = re.compile(rf"\b({_PRESS}) (c|r|F2|F4)\b|\b(F2|F4)\b", re.IGNORECASE)
_TYPE = {"press": "type", "nhấn": "gõ", "bấm": "gõ"}


def without_keys(hint: str) -> str:
    """`hint` without the clauses that tell to press a key."""
    sentences = (_keyless(sentence) for sentence in _SENTENCE.split(hint))
    return " ".join(sentence for sentence in sentences if sentence)


def with_commands(hint: str) -> str:
    """`hint` with plain mode's commands in place of keys; what no command can do is left out."""
    sentences = (_PRESSED.sub(_typed, sentence) for sentence in _SENTENCE.split(hint))
    return " ".join(kept for kept in map(_keyless, sentences) if kept)


def _keyless(sentence: str) -> str:
    if _KEY.search(sentence) is None:
        return sentence
    clauses = [clause for clause in _CLAUSE.split(sentence) if _KEY.search(clause) is None]
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
