"""Setting, adding and removing one entry of a TOML text, with the rest kept byte for byte."""

from __future__ import annotations

import tomllib
from typing import Any

import tomli_w

from holytui.config.key_locations import Entry, EntryKind, KeyLocations, scan
from holytui.config.problems import dotted

Names = tuple[str, ...]


class CannotEdit(ValueError):
    """The text is not valid TOML, or the value cannot be set without other changes."""


def set_key(text: str, names: Names, value: object) -> str:
    """Return `text` with the key at path `names` set to `value`, which must not be a table.

    The result is verified to differ in that value only. Raises CannotEdit otherwise.
    """
    expected, locations = _parse(text)
    newline = _newline(text)
    new = _replace_value(text, locations, names, value) or _add_key(text, locations, names, value, newline)
    try:
        _set(expected, names, list(value) if isinstance(value, tuple) else value)
    except (TypeError, AttributeError) as exc:
        raise CannotEdit(dotted(names)) from exc
    return _verified(new, expected, names)


def add_table(text: str, names: Names) -> str:
    """Return `text` with an empty table at path `names`, unless there is one. Raises CannotEdit."""
    expected, _locations = _parse(text)
    table: object = expected
    for name in names:
        table = table.get(name) if isinstance(table, dict) else None
    if isinstance(table, dict):
        return text
    newline = _newline(text)
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    try:
        _set(expected, names, {})
        return _verified(f"{text}{gap}[{dotted(names)}]{newline}", expected, names)
    except (CannotEdit, TypeError, AttributeError):
        return set_key(text, names, {})  # its parent is an inline table, which no header can extend


def remove_key(text: str, names: Names) -> str:
    """Return `text` without the key at path `names`, if it is there; a comment behind its value is kept.

    Raises CannotEdit, also for a table with a header of its own.
    """
    expected, locations = _parse(text)
    table: object = expected
    for name in names[:-1]:
        table = table.get(name) if isinstance(table, dict) else None
    if not isinstance(table, dict) or names[-1] not in table:
        return text
    del table[names[-1]]
    _remove_implied_tables(expected, locations, names[:-1])
    for entry in locations.entries:
        if entry.path == names and entry.kind in (EntryKind.PAIR, EntryKind.INNER):
            return _verified(_without(text, entry), expected, names)
    raise CannotEdit(dotted(names))


def _remove_implied_tables(expected: dict[str, Any], locations: KeyLocations, names: Names) -> None:
    """Remove tables without entries that only a dotted key has implied, as `chat` in `chat.stop = "f11"`."""
    while names:
        *above, last = names
        parent = expected
        for name in above:
            parent = parent[name]
        if parent[last] or any(entry.path == names for entry in locations.entries):
            return
        del parent[last]
        names = names[:-1]


def _parse(text: str) -> tuple[dict[str, Any], KeyLocations]:
    try:
        return tomllib.loads(text), scan(text)
    except (ValueError, RecursionError) as exc:
        raise CannotEdit(str(exc)) from exc


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _verified(new: str, expected: dict[str, Any], names: Names) -> str:
    """Return `new` if it has exactly the `expected` values. Raises CannotEdit."""
    try:
        is_exact = tomllib.loads(new) == expected
    except (ValueError, RecursionError) as exc:
        raise CannotEdit(dotted(names)) from exc
    if not is_exact:
        raise CannotEdit(dotted(names))
    return new


def _without(text: str, entry: Entry) -> str:
    """Return the text without the pair `entry`."""
    if entry.kind is EntryKind.INNER:
        before, after = text[: entry.start].rstrip(), text[entry.end :]
        if after.lstrip().startswith(","):
            return text[: entry.start] + after.lstrip()[1:].lstrip()
        return before.removesuffix(",") + after
    begin = text.rfind("\n", 0, entry.start) + 1
    end = text.find("\n", entry.end)
    end = len(text) if end < 0 else end + 1
    comment = text[entry.end : end].strip(" \t")
    return text[:begin] + (comment if comment.startswith("#") else "") + text[end:]


def _set(table: dict[str, Any], names: Names, value: object) -> None:
    for name in names[:-1]:
        table = table.setdefault(name, {})
    if isinstance(table.get(names[-1]), dict):
        raise TypeError("a table is not replaced by a value")
    table[names[-1]] = value


def _literal(value: object) -> str:
    if value == {}:
        return "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")


def _replace_value(text: str, locations: KeyLocations, names: Names, value: object) -> str | None:
    """Return the text with the existing value replaced; None if there is none."""
    for entry in locations.entries:
        if entry.path == names and entry.kind in (EntryKind.PAIR, EntryKind.INNER):
            return text[: entry.value] + _literal(value) + text[entry.end :]
    return None


def _add_key(text: str, locations: KeyLocations, names: Names, value: object, newline: str) -> str:
    """Return the text with the key added to its table."""
    parent = names[:-1]
    own = [entry for entry in locations.entries if entry.path == parent]
    for entry in own:
        if entry.kind in (EntryKind.PAIR, EntryKind.INNER):
            return _insert_into_inline(text, entry, names[-1], value)
    if not parent:
        section = [entry for entry in locations.entries if entry.kind is EntryKind.PAIR and entry.table == ()]
        return (
            _insert_line_after(text, section[-1], names, value, newline)
            if section
            else _insert_at_top(text, names, value, newline)
        )
    for entry in own:
        section = [pair for pair in locations.entries if pair.kind is EntryKind.PAIR and pair.table == parent]
        return _insert_line_after(text, section[-1] if section else entry, names[-1:], value, newline)
    for entry in reversed(locations.entries):
        if entry.kind is EntryKind.PAIR and entry.path[: len(parent)] == parent and len(entry.table) < len(parent):
            return _insert_line_after(text, entry, names[len(entry.table) :], value, newline)
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return f"{text}{gap}[{dotted(parent)}]{newline}{dotted(names[-1:])} = {_literal(value)}{newline}"


def _insert_line_after(text: str, entry: Entry, names: Names, value: object, newline: str) -> str:
    """Return the text with a line inserted after the end of `entry`, with the same indentation."""
    begin = text.rfind("\n", 0, entry.start) + 1
    indent = text[begin : entry.start] if not text[begin : entry.start].strip() else ""
    line = f"{indent}{dotted(names)} = {_literal(value)}"
    end = text.find("\n", entry.end)
    if end < 0:
        return text + newline + line + newline
    return text[: end + 1] + line + newline + text[end + 1 :]


def _insert_at_top(text: str, names: Names, value: object, newline: str) -> str:
    """Return the text with a line inserted at the top, below an initial comment that ends with a blank line."""
    at = 0
    for line in text.splitlines(keepends=True):
        if not line.startswith("#"):
            at = at + len(line) if at and not line.strip() else 0
            break
        at += len(line)
    else:
        at = 0
    return f"{text[:at]}{dotted(names)} = {_literal(value)}{newline}{text[at:]}"


def _insert_into_inline(text: str, entry: Entry, name: str, value: object) -> str:
    """Return the text with the key appended to an inline table."""
    if not text.startswith("{", entry.value):
        raise CannotEdit(dotted(entry.path))
    inside = text[entry.value + 1 : entry.end - 1]
    pair = f"{dotted((name,))} = {_literal(value)}"
    inner = f"{inside.rstrip()}, {pair} " if inside.strip() else f" {pair} "
    return text[: entry.value + 1] + inner + text[entry.end - 1 :]
