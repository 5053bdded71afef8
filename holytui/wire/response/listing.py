"""Parser for the response to `GET /models`, which may list hundreds of thousands of names.

One call of `json.loads` or `sorted` on such a list would block all threads for a tenth of a second and more, so the
items are decoded one by one and sorted in parts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from heapq import merge

from holytui.wire.response.error_bodies import as_list, as_object, clean, parse_json

_MAX_SINGLE_CALL = 1 << 18
"""Bytes; shorter bodies are decoded in one call."""
_SORT_CHUNK = 5_000
_SPACE = re.compile(r"[ \t\n\r]*")
_MAX_NAME = 200


def names_in(body: bytes) -> list[str] | None:
    """Return the sorted names; None if the body is not a JSON object or array."""
    payload = parse_json(body) if len(body) < _MAX_SINGLE_CALL else parse_by_item(body)
    # Together and some gateways return a bare list.
    items = as_list(payload) or as_list(as_object(payload).get("data"))
    if not items and not isinstance(payload, dict | list):
        return None
    ids = (as_object(item).get("id") for item in items)
    names = list({clean(name, _MAX_NAME) for name in ids if isinstance(name, str) and name})
    return list(merge(*(sorted(names[at : at + _SORT_CHUNK]) for at in range(0, len(names), _SORT_CHUNK))))


def parse_by_item(body: bytes) -> object:
    """Like `parse_json`, but decode top-level arrays, and arrays in a top-level object, item by item."""
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        reader = _Reader(text)
        value = reader.read_object() if reader.next_is("{") else reader.read_value()
    except (ValueError, RecursionError):
        return None
    return value if reader.at_end else None


class _Reader:
    """Reader with a position in a JSON text. Raises ValueError for invalid JSON."""

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

    def _expect(self, sign: str) -> None:
        if not self.next_is(sign):
            raise ValueError(sign)
        self._at += 1
        self._skip()

    def _read_value(self) -> object:
        value: object
        value, self._at = self._decode(self._text, self._at)
        self._skip()
        return value

    def _iterate_items(self, opening: str, closing: str) -> Iterator[None]:
        """Yield at each item between two brackets; the caller reads the item."""
        self._expect(opening)
        if not self.next_is(closing):
            yield
            while self.next_is(","):
                self._expect(",")
                yield
        self._expect(closing)

    def read_object(self) -> dict[str, object]:
        members: dict[str, object] = {}
        for _item in self._iterate_items("{", "}"):
            key = self._read_value()
            if not isinstance(key, str):
                raise ValueError(key)  # noqa: TRY004 - like any invalid JSON
            self._expect(":")
            members[key] = self.read_value()
        return members

    def read_value(self) -> object:
        return (
            [self._read_value() for _item in self._iterate_items("[", "]")] if self.next_is("[") else self._read_value()
        )
