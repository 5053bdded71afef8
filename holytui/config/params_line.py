"""Request parameters as one line of TOML: `temperature = 0.7, max_tokens = 1000`."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping

from holytui.i18n import _
from holytui.models import RESERVED_PARAMS
from holytui.text import sanitize_line

_PLAIN_WORD = re.compile(r"(?!nan$|inf$)[A-Za-z][\w.:/-]*")


def parse_params(line: str) -> dict[str, object] | str:
    """Return the parameters, or an error message."""
    try:
        result = tomllib.loads(f"params = {{ {line.strip().rstrip(',')} }}")
    except tomllib.TOMLDecodeError as error:
        return _("not understood: {reason} · write it as temperature = 0.7, max_tokens = 1000").format(
            reason=sanitize_line(str(error))
        )
    params = result.pop("params")
    if result or not isinstance(params, dict):
        return _("must be one line, such as temperature = 0.7, max_tokens = 1000")
    for name in params:
        if name in RESERVED_PARAMS:
            return _("“{name}” is set by holytui itself").format(name=name)
    try:
        json.dumps(params, allow_nan=False)
    except (TypeError, ValueError):
        return _("only numbers, texts, true, false and lists of them can be sent")
    return params


def parse_option(text: str) -> dict[str, object] | str:
    """Return the parameter of a command-line option such as `temperature=0.2`, or an error message.

    A value that is a plain word needs no quotes.
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    if not (equals and name and value):
        return _("write it as NAME=VALUE, such as temperature=0.2")
    result = parse_params(f"{_format_key(name)} = {value}")
    if isinstance(result, str) and _PLAIN_WORD.fullmatch(value):
        result = parse_params(f"{_format_key(name)} = {json.dumps(value)}")
    if isinstance(result, dict) and list(result) != [name]:
        return _("write it as NAME=VALUE, such as temperature=0.2")
    return result


def format_params(params: Mapping[str, object]) -> str:
    """Format parameters as the line that `parse_params` reads."""
    return ", ".join(f"{_format_key(name)} = {_format_value(value)}" for name, value in params.items())


def _format_key(name: str) -> str:
    bare = name and all(char.isascii() and (char.isalnum() or char in "-_") for char in name)
    return name if bare else json.dumps(name, ensure_ascii=False)


def _format_value(value: object) -> str:
    match value:
        case dict():
            return "{ " + format_params(value) + " }" if value else "{}"
        case list() | tuple():
            return "[" + ", ".join(_format_value(one) for one in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)
