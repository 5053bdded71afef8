"""Update the generated parts of the documents: keys, settings, providers; and the module with the help of the settings.

`--check` reports outdated ones only.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from holytui import i18n
from holytui.config import schema
from holytui.config.constraints import CONSTRAINTS
from holytui.config.presets import PRESETS
from holytui.config.reader import file_fields
from holytui.keymap import ACTIONS, Where
from holytui.ui.bindings import display_key
from holytui.ui.slash_commands import name_of

DOCS = Path(__file__).parent
_PLACES = {
    Where.APP: "Everywhere",
    Where.PROMPT: "In the prompt",
    Where.LOG: "On the selected message",
    Where.SIDEBAR: "In the list of conversations",
    Where.DETAILS: "On the page with the details",
    Where.CHECK: "On the page with the check",
    Where.TREE: "In the tree of a conversation",
}
_TABLES: tuple[tuple[str, type], ...] = (
    ("At the top of the file", schema.Config),
    ("`[stream]`", schema.Stream),
    ("`[limits]`", schema.Limits),
    ("`[ui]`", schema.Ui),
    ("`[history]`", schema.Sharing),
    ("`[sync]`", schema.Sync),
    ("`[providers.NAME]`", schema.Provider),
    ('`[providers.NAME.models."MODEL"]`', schema.Model),
    ("`price` of a model", schema.Price),
    ("`[providers.NAME.oauth]`", schema.OAuth),
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "str": "text",
        "bool": "true or false",
        "int": "whole number",
        "float": "number",
        "tuple[str, ...]": "list of texts",
        "Recover": "one of the ways below",
        "Api": '`"chat"` or `"responses"`',
        "EffortFormat": "one of the formats below",
    }
)


def keys_table() -> str:
    """Return a table of each part of the screen, one row per action."""
    parts = []
    for where in Where:
        rows = [f"## {_PLACES[where]}\n", "| Key | Does | Id for `[keys]` |", "|---|---|---|"]
        for action in ACTIONS:
            if action.where is where:
                names = [display_key(key) for key in action.keys] or [name_of(action.id)]
                keys = " ".join(f"`{name}`" for name in names)
                rows.append(f"| {keys} | {action.help} | `{action.id}` |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def settings_tables() -> str:
    """Return a table of each dataclass of the configuration."""
    parts = []
    for title, cls in _TABLES:
        notes = _attribute_docs(cls)
        rows = [f"## {title}\n", "| Setting | Default | Values | Meaning |", "|---|---|---|---|"]
        for name, field in file_fields(cls).items():
            if name in (
                "providers",
                "stream",
                "ui",
                "limits",
                "keys",
                "oauth",
                "models",
                "prompts",
                "sync",
                "history",
                "name",
            ):
                continue  # tables of their own
            rows.append(f"| `{name}` | {_default(field)} | {_values(cls, name, field)} | {notes[name]} |")
        parts.append("\n".join(rows))
    ways = [f'- `"{way}"`: {text}' for way, text in _members(schema.Recover).items()]
    forms = [f'- `"{form}"`: {text}' for form, text in _members(schema.EffortFormat).items()]
    parts.append("## Ways to complete an interrupted answer (`recover`)\n\n" + "\n".join(ways))
    parts.append("## Formats of the reasoning effort (`effort_format`)\n\n" + "\n".join(forms))
    return "\n\n".join(parts)


def providers_table() -> str:
    """Return the table of the presets."""
    rows = ["| Name | Provider | Key variable | Address |", "|---|---|---|---|"]
    for preset in PRESETS.values():
        key = f"`{preset.key_env}`" if preset.key_env else "none"
        rows.append(f"| `{preset.name}` | {preset.title} | {key} | `{preset.base_url}` |")
    return "\n".join(rows)


def _default(field: dataclasses.Field[object]) -> str:
    match field.default:
        case dataclasses.MISSING:
            return "required" if field.default_factory is dataclasses.MISSING else "`{}`"
        case None | ():
            return "–"
        case StrEnum() as value:
            return f'`"{value}"`'
        case bool() as value:
            return f"`{str(value).lower()}`"
        case str() as value:
            return f'`"{value}"`'
        case value:
            return f"`{value}`"


def _values(cls: type, name: str, field: dataclasses.Field[object]) -> str:
    constraint = CONSTRAINTS.get((cls, name))
    kind = _TYPES.get(str(field.type).removesuffix(" | None"), "table")
    return constraint.describe() if constraint else kind


def _attribute_docs(cls: type) -> dict[str, str]:
    """Return the docstrings of the fields of `cls`, on one line each."""
    (body,) = ast.parse(inspect.getsource(cls)).body
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    for node, after in zip(body.body, body.body[1:], strict=False):
        names = (
            [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
        )
        for target in names:
            if isinstance(target, ast.Name) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                docs[target.id] = " ".join(str(after.value.value).split())
    return docs


def _members(cls: type[StrEnum]) -> dict[str, str]:
    notes = _attribute_docs(cls)
    return {member.value: notes[member.name] for member in cls}


PARTS: Mapping[str, tuple[str, Callable[[], str]]] = MappingProxyType(
    {
        "keys": ("keys.md", keys_table),
        "settings": ("configuration.md", settings_tables),
        "providers": ("providers.md", providers_table),
    }
)
"""File and content of each generated part, by the name in its marks."""


def filled(name: str, text: str) -> str:
    """Return the document with an up-to-date part `name`."""
    i18n.set_language("en")
    block = f"<!-- {name} -->\n\n{PARTS[name][1]()}\n\n<!-- /{name} -->"
    return re.sub(rf"<!-- {name} -->(.*<!-- /{name} -->)?", lambda _: block, text, flags=re.DOTALL)


_HELP_FILE = Path(schema.__file__).with_name("setting_help.py")
_HELP_HEAD = '''"""Help of the settings, generated by `docs/tables.py` from the docstrings of `schema`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from holytui.config.schema import Config, Limits, Model, OAuth, Price, Provider, Recover, Sharing, Stream, Sync, Ui
from holytui.i18n import N_

HELP: Mapping[tuple[type, str], str] = MappingProxyType(
    {
'''
_HELP_TAIL = '''    }
)
"""By class and field (of an enumeration: value)."""
'''


def help_module() -> str:
    """Return the source of the module with the help of the settings."""
    entries = [
        (cls.__name__, name, _attribute_docs(cls)[name])
        for _title, cls in _TABLES
        for name in file_fields(cls)
        if cls is not schema.Config or name not in ("stream", "ui", "limits", "keys")
    ]
    entries += [("Recover", way, text) for way, text in _members(schema.Recover).items()]
    return _HELP_HEAD + "".join(_help_entry(*entry) for entry in entries) + _HELP_TAIL


def _help_entry(owner: str, name: str, text: str) -> str:
    line = f'        ({owner}, "{name}"): N_({_quoted(text)}),\n'
    if len(line) <= 121:
        return line
    parts = [text] if len(text) <= 106 else textwrap.wrap(text, 100, drop_whitespace=False)
    body = "".join(f"            {_quoted(part)}\n" for part in parts)
    return f'        ({owner}, "{name}"): N_(\n{body}        ),\n'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if '"' not in text else repr(text)


def main() -> int:
    """Write, or check."""
    outdated = _HELP_FILE.read_text("utf-8") != help_module()
    if "--check" not in sys.argv:
        _HELP_FILE.write_text(help_module(), "utf-8")
    for name, (file, _content) in PARTS.items():
        path = DOCS / file
        text = path.read_text("utf-8")
        outdated = outdated or filled(name, text) != text
        if "--check" not in sys.argv:
            path.write_text(filled(name, text), "utf-8")
    return int("--check" in sys.argv and outdated)


if __name__ == "__main__":
    sys.exit(main())
