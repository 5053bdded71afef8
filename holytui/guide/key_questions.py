"""Questions about single keys: “what does Esc do?”, “ctrl+j?”, “phím F2 làm gì”."""

from __future__ import annotations

import re
from collections.abc import Mapping

from holytui.guide.topics import fill, key_rows, word_list
from holytui.text import fold

_ALIASES = {
    "escape": "esc",
    "return": "enter",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "del": "delete",
    "spacebar": "space",
    "slash": "/",
    "↑": "up",
    "↓": "down",
    "⏎": "enter",
    "↵": "enter",
    "⇥": "tab",
    "␣": "space",
}
_MODIFIERS = {
    "control": "ctrl",
    "ctl": "ctrl",
    "c": "ctrl",
    "option": "alt",
    "meta": "alt",
    "m": "alt",
    "shift": "shift",
}
_NAMED = "escape|esc|enter|return|tab|space|spacebar|page ?up|page ?down|pgup|pgdn|pgdown|delete|del|home|end|up|down"
_COMBINED = re.compile(
    rf"(?<![\w+^-])(?:(?:(?P<mod>ctrl|control|ctl|alt|option|meta|shift|c|m)\s?[+-]\s?|\^)(?P<key>{_NAMED}|[\w/])"
    rf"|(?P<plain>f1[0-2]|f[1-9]|{_NAMED}|[↑↓⏎↵⇥␣]))(?![\w+-])",
    re.IGNORECASE,
)
_SINGLE = re.compile(
    r"(?:\b(?:key|keys|press|hit|does|phím|phim|nhấn|nhan|bấm|bam|nút|nut)\s+[“\"'`(\[]?|^[“\"'`])"
    r"(?P<key>[^\s\w]|\w)[”\"'`)\]]?(?=[\s?.!,]|$)",
    re.IGNORECASE,
)


def keys_in_question(question: str) -> list[str]:
    """Return the keys that `question` is about, normalised (`ctrl+j`, `f2`, `y`); empty if there are none."""
    if len(question) > 120:
        return []
    found = [_normal(match) for match in _COMBINED.finditer(question)]
    rest = _COMBINED.sub(" ", question)
    if not found:
        single = _SINGLE.search(question)
        if single is None:
            return []
        found = [single["key"]]
        rest = question[: single.start("key")] + " " + question[single.end("key") :]
    words = re.findall(r"[^\W_]+", fold(rest))
    # a question is about the key itself if it has no words but these
    filler = word_list("about-keys")
    return list(dict.fromkeys(found)) if all(word in filler for word in words) else []


def meanings(key: str, language: str, keys: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return the actions of `key`: section, keys as shown, description."""
    rows = []
    for row in key_rows(language):
        shown = fill(row.mark, keys)
        if key in _keys_of(shown):
            rows.append((row.section, shown, row.text))
    return rows


def _keys_of(shown: str) -> set[str]:
    """Return the keys in a text such as `Ctrl+J, Alt+Enter`, `↓ / j` or `1–9`."""
    if span := re.fullmatch(r"\s*(\d)\s*[-–…]+\s*(\d)\s*", shown):
        return {str(digit) for digit in range(int(span[1]), int(span[2]) + 1)}
    found = {_normal(match) for match in _COMBINED.finditer(shown)}
    for part in _COMBINED.sub(" ", shown).split():
        found.add(part if len(part) == 1 else part.strip(",·;"))
    return found


def _normal(match: re.Match[str]) -> str:
    plain = match["plain"]
    name = (plain or match["key"]).lower().replace(" ", "")
    name = _ALIASES.get(name, name)
    if plain:
        return name
    modifier = (match["mod"] or "ctrl").lower()
    return f"{_MODIFIERS.get(modifier, modifier)}+{name}"


def format_key(key: str) -> str:
    """Format a normalised key for people: `Ctrl+J`."""
    return "+".join(part.capitalize() for part in key.split("+")) if len(key) > 1 else key
