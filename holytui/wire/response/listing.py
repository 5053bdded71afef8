"""The names in the response to `GET /models`, which may be hundreds of thousands.

One call of `json.loads` or `sorted` holds all threads for as long as it takes, a tenth of a second and more for such
lists, so the items are decoded one by one, and sorted in parts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from heapq import merge

from holytui.wire.response.error_bodies import clean, list_of, object_of, parse

_LONG = 1 << 18
"""Bytes; what is shorter is decoded in one call."""
_PART = 5_000
_SPACE = re.compile(r"[ \t\n\r]*")
_LONGEST_NAME = 200


def names_in(body: bytes) -> list[str] | None:
    """The names, sorted; None if this is no list of models, nor any other JSON object or array."""
    payload = parse(body) if len(body) < _LONG else parse_by_item(body)
    # Together and some gateways answer with a bare list.
    items = list_of(payload) or list_of(object_of(payload).get("data"))
    if not items and not isinstance(payload, dict | list):
        return None
    found = (object_of(item).get("id") for item in items)
    names = list({clean(name, _LONGEST_NAME) for name in found if isinstance(name, str) and name})
    return list(merge(*(sorted(names[at : at + _PART]) for at in range(0, len(names), _PART))))


def parse_by_item(body: bytes) -> object:
    """As `parse`, but arrays at the top, and those that are values of an object at the top, item by item."""
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        reader = _Reader(text)
        value = reader.mapping() if reader.next_is("{") else reader.value()
    except (ValueError, RecursionError):
        return None
    return value if reader.at_end else None


class _Reader:
    """A place in a JSON text. Raises ValueError for what is not JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._decode = json.JSONDecoder().raw_decode
        self._at = 0
        self._skip()

    @property
    def at_end(self) -> bool:
        return self._at == len(self._text)

    def next_is(self, sign: str) -> bool:
        return self._text.startswith(sign, self._at)

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _take(self, sign: str) -> None:
        if not self.next_is(sign):
            raise ValueError(sign)
        self._at += 1
        self._skip()

    def _one(self) -> object:
        value: object
        value, self._at = self._decode(self._text, self._at)
        self._skip()
        return value

    def _many(self, opening: str, closing: str) -> Iterator[None]:
        """Stop at each item between two brackets."""
        self._take(opening)
        if not self.next_is(closing):
            yield
            while self.next_is(","):
                self._take(",")
                yield
        self._take(closing)

    def mapping(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for _item in self._many("{", "}"):
            key = self._one()
            if not isinstance(key, str):
                raise ValueError(key)  # noqa: TRY004 - like all that is not JSON
            self._take(":")
            found[key] = self.value()
        return found

    def value(self) -> object:
        return [self._one() for _item in self._many("[", "]")] if self.next_is("[") else self._one()
