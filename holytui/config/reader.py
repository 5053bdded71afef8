"""Conversion of TOML tables to frozen dataclasses, validated by field types and the table in `constraints`."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from holytui.config.constraints import CONSTRAINTS, Constraint, is_sensitive
from holytui.config.key_locations import KeyLocations
from holytui.config.problems import ConfigProblem, KeyPath, Severity, describe_value, dotted
from holytui.config.schema import Config, Limits, Model, Provider, Sharing, Stream, Sync, Ui
from holytui.i18n import _
from holytui.text import nearest

T = TypeVar("T")
_INVALID: Final = object()
_NOT_IN_FILE = frozenset(
    {(Provider, "name"), (Provider, "blocked"), (Model, "name"), (Config, "source"), (Config, "blocked")}
)
_hints: Callable[[Any], Mapping[str, Any]] = cache(
    get_type_hints
)  # cached, as it evaluates annotations and is called for each model
_SECTIONS: Mapping[str, type] = {
    "stream": Stream,
    "ui": Ui,
    "limits": Limits,
    "sync": Sync,
    "history": Sharing,
    "": Config,
}


class Reader:
    """Convert the tables of one file and collect all problems."""

    def __init__(self, file: Path, locations: KeyLocations) -> None:
        self.file = file
        self.locations = locations
        self.problems: list[ConfigProblem] = []

    def report_mismatch(self, path: KeyPath, value: object, expected: str) -> None:
        """Report an invalid value."""
        found = describe_value(value, redacted=is_sensitive(path, value))
        self.problems.append(ConfigProblem(self.file, self.locations.line_of(path), dotted(path), found, expected))

    def report(self, path: KeyPath, text: str, severity: Severity = Severity.ERROR) -> None:
        """Report any other problem."""
        line = self.locations.line_of(path) if path else None
        self.problems.append(ConfigProblem(self.file, line, dotted(path), text=text, severity=severity))

    def build(self, cls: type[T], table: object, path: KeyPath, **given: object) -> T | None:
        """Build `cls` from a table; `given` are fields set by the caller. None if a required field is invalid."""
        if not isinstance(table, dict):
            self.report_mismatch(path, table, _("a table"))
            return None
        known, hints = file_fields(cls), _hints(cls)
        values: dict[str, object] = dict(given)
        failed = False
        for key, raw in table.items():
            if key in given:
                continue
            if key not in known:
                self.report_unknown(cls, (*path, key))
                continue
            value = self._field(hints[key], CONSTRAINTS.get((cls, key)), raw, (*path, key))
            if value is not _INVALID:
                values[key] = value
            elif _required(known[key]):
                failed = True
        for name, field in known.items():
            if _required(field) and name not in values and name not in table:
                self.report(path, _('"{name}" is missing').format(name=name))
                failed = True
        return None if failed else cls(**values)

    def report_unknown(self, cls: type, path: KeyPath) -> None:
        """Report a key that `cls` does not have."""
        name = str(path[-1])
        if (suggestion := nearest(name, list(file_fields(cls)))) is not None:
            text = _('unknown key; did you mean "{name}"?').format(name=suggestion)
        elif len(path) <= 2 and self.report_misplaced(path, cls):
            return
        elif cls in (Provider, Model) and len(path) > 1 and "." not in name and name.isdigit():
            text = _('unknown key; a model name with a dot needs quotes: "{name}"').format(name=f"{path[-2]}.{name}")
        else:
            text = _("unknown key; known here: {names}").format(names=", ".join(file_fields(cls)))
        self.report(path, text)

    def report_misplaced(self, path: KeyPath, here: type | None = None) -> bool:
        """Report a key that belongs to another table, as after a misplaced header; return whether it does."""
        name = str(path[-1])
        section = next((s for s, other in _SECTIONS.items() if other is not here and name in file_fields(other)), None)
        if section is None:
            return False
        text = _("unknown key here; it belongs in {place}").format(place=f"[{section}]")
        self.report(
            path, text if section else _("unknown key here; it belongs at the top of the file, above any [table]")
        )
        return True

    def _field(self, hint: Any, constraint: Constraint | None, raw: object, path: KeyPath) -> object:
        value = self._convert(hint, raw, path, constraint)
        if value is _INVALID or constraint is None or get_origin(hint) is Mapping or constraint.accepts(value):
            return value
        if advice := constraint.advice(raw):
            self.report(path, advice)
        else:
            self.report_mismatch(path, raw, constraint.describe())
        return _INVALID

    def _convert(self, hint: Any, raw: object, path: KeyPath, constraint: Constraint | None) -> object:
        """Convert `raw` to type `hint`; return `_INVALID` after reporting a problem."""
        origin, args = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            (inner,) = (arg for arg in args if arg is not type(None))
            return self._convert(inner, raw, path, constraint)
        if is_dataclass(hint) and isinstance(hint, type):
            built: object = self.build(hint, raw, path)
            return _INVALID if built is None else built
        if origin is Mapping and isinstance(raw, dict):
            return self._mapping(args[1], raw, path, constraint)
        if origin is tuple and isinstance(raw, list) and all(isinstance(item, str) for item in raw):
            return tuple(raw)
        if isinstance(hint, type) and issubclass(hint, StrEnum) and isinstance(raw, str) and raw in list(hint):
            return hint(raw)
        if hint is object:
            return raw
        if (scalar := _scalar(hint, raw)) is not _INVALID:
            return scalar
        self.report_mismatch(
            path, raw, _expected(hint) if constraint is None or origin is Mapping else constraint.describe()
        )
        return _INVALID

    def _mapping(
        self, hint: Any, raw: dict[str, object], path: KeyPath, constraint: Constraint | None
    ) -> Mapping[str, object]:
        out: dict[str, object] = {}
        for name, item in raw.items():
            here = (*path, name)
            if not name.strip():
                self.report(here, _("a name must not be empty"))
                continue
            value = (
                self.build(hint, item, here, name=name)
                if hint is Model
                else self._convert(hint, item, here, constraint)
            )
            if value is None or value is _INVALID:
                continue
            if constraint is not None and not constraint.accepts((name, value)):
                self.report_mismatch(here, item, constraint.describe())
            else:
                out[name] = value
        return types.MappingProxyType(out)


def file_fields(cls: Any) -> Mapping[str, Field[Any]]:
    """Return the fields of dataclass `cls` that a file may set, by name."""
    return {field.name: field for field in fields(cls) if (cls, field.name) not in _NOT_IN_FILE}


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _scalar(hint: Any, raw: object) -> object:
    if isinstance(raw, bool):  # a bool is an int in Python, not in TOML
        return raw if hint is bool else _INVALID
    if hint is float and isinstance(raw, int | float):
        try:
            return float(raw)
        except OverflowError:
            return _INVALID
    return raw if hint in (int, str) and isinstance(raw, hint) else _INVALID


def _expected(hint: Any) -> str:
    if hint is bool:
        return _("true or false")
    if hint is str:
        return _("a text")
    if get_origin(hint) is tuple:
        return _("a list of texts")
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _("one of {names}").format(names=", ".join(f'"{name}"' for name in hint))
    if hint in (int, float):
        return _("a whole number") if hint is int else _("a number")
    return _("a table")
