"""Setting one value in a TOML text, with the rest kept byte for byte."""

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
    try:
        expected = tomllib.loads(text)
        locations = scan(text)
    except (ValueError, RecursionError) as exc:
        raise CannotEdit(str(exc)) from exc
    newline = "\r\n" if "\r\n" in text else "\n"
    new = _replace_value(text, locations, names, value) or _add_key(text, locations, names, value, newline)
    try:
        _set(expected, names, list(value) if isinstance(value, tuple) else value)
        is_exact = tomllib.loads(new) == expected
    except (ValueError, TypeError, AttributeError) as exc:
        raise CannotEdit(dotted(names)) from exc
    if not is_exact:
        raise CannotEdit(dotted(names))
    return new


def _set(table: dict[str, Any], names: Names, value: object) -> None:
    for name in names[:-1]:
        table = table.setdefault(name, {})
    if isinstance(table.get(names[-1]), dict):
        raise TypeError("a table is not replaced by a value")
    table[names[-1]] = value


def _literal(value: object) -> str:
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
