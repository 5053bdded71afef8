"""JSON with one value in it changed, so that most mutated inputs are still JSON and reach what reads its parts."""

from __future__ import annotations

import json
from random import Random
from typing import Any

_DEEP = 900
ODD: tuple[str, ...] = (
    *(
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.5",
        "429",
        "1e308",
        "1e400",
        "NaN",
        "-Infinity",
        "9" * 400,
        "1" + "0" * 18,
    ),
    *('""', '"a"', '"\\u0000"', '"\\ud83d"', '"\\u001b[31m"', '"a\\r\\nb"', '"\\u202e"', '"1e999"', '"9"', '"x1"'),
    *('"' + "9" * 400 + '"', '"' + "long " * 300 + '"', "[]", "{}", "[null]", '[""]', "[[]]", '{"a": {}}'),
    *("[" * _DEEP + "]" * _DEEP, '{"detail": ' * _DEEP + "1" + "}" * _DEEP, '{"message": ' * _DEEP + "1" + "}" * _DEEP),
)
"""Values of each kind, and those at the edges of what numbers, texts and nesting can be."""


def changed(text: str, random: Random) -> str | None:
    """The JSON text with one of its values replaced, taken out, or put in twice; None if it is no JSON."""
    try:
        value = json.loads(text)
        places = list(_places(value))
    except (ValueError, RecursionError):
        return None
    if not places:
        return random.choice(ODD)
    holder, key = random.choice(places)
    mark = "\x00odd\x00"
    match random.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.append(holder[key])
        case 1:
            other, name = random.choice(places)
            holder[str(name)] = holder[key]
        case 2:
            other, name = random.choice(places)
            holder[key] = json.loads(json.dumps(other[name]))
        case _:
            holder[key] = mark
    try:
        return json.dumps(value).replace(json.dumps(mark), random.choice(ODD))
    except (ValueError, RecursionError):  # it holds itself now, or is too deep
        return None


def _places(value: Any) -> Any:
    stack = [value]
    while stack:
        holder = stack.pop()
        if isinstance(holder, dict | list):
            for key in holder if isinstance(holder, dict) else range(len(holder)):
                yield holder, key
                stack.append(holder[key])
