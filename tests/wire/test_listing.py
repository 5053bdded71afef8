"""Long lists of models are decoded item by item, with the result of one call."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.wire.response import listing
from holytui.wire.response.error_bodies import parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(JSON, st.sampled_from([None, 1]), st.sampled_from([(",", ":"), (" , ", " : ")]))
def test_item_by_item_gives_the_same(value: object, indent: int | None, separators: tuple[str, str]) -> None:
    body = f" {json.dumps(value, indent=indent, separators=separators)}\n".encode()
    assert listing.parse_by_item(body) == parse_json(body) == value


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[", b"[1,]", b"[1 2]", b"[1]]", b"[1] 2", b"{", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{1:2}", b"<html>"),
        *(
            b'{"data": [1, 2}',
            b'{"a":1 "b":2}',
            b"\xff\xff",
            b"[,1]",
            b"[" * 100_000,
            b'{"a":1,"a":[2]}',
            b"\xef\xbb\xbf[1]",
        ),
    ],
)
def test_what_is_no_json_is_none_in_both(body: bytes) -> None:
    assert listing.parse_by_item(body) == parse_json(body)


@pytest.mark.parametrize("whole", [True, False])
def test_names_of_a_long_list_are_sorted_and_unique(monkeypatch: pytest.MonkeyPatch, *, whole: bool) -> None:
    monkeypatch.setattr(listing, "_SORT_CHUNK", 7)
    monkeypatch.setattr(listing, "_MAX_SINGLE_CALL", 1 << 30 if whole else 0)
    items = [{"id": f"m{n * 37 % 100}"} for n in range(150)] + [{"id": ""}, {"id": 3}, "x"]
    assert listing.names_in(json.dumps({"data": items}).encode()) == sorted({f"m{n}" for n in range(100)})
