"""The other end of a connection is not trusted: whatever it sends is refused without harm."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.errors import SyncError
from holytui.store.sqlite.history import SqliteHistory
from holytui.sync.channel import Channel, decode, encode
from holytui.sync.protocol import RemoteReplica, serve
from tests.store.samples import add_stored_conversation

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
GREETING = {"holytui": "sync", "protocol": 1, "oldest": 1, "host": "a", "name": "n", "vector": {}}


@given(st.binary())
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    try:
        value = decode(data)
    except ValueError:
        return
    assert decode(encode(value)) == value


@pytest.mark.parametrize("line", [b"[]", b"1", b'{"a": NaN}', b"[" * 100_000, b'{"a"', b"\xff", b'{"a":' + b"9" * 9999])
def test_what_is_no_object_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any reason
        decode(line)


def test_a_line_that_is_too_long_is_refused() -> None:
    assert Channel(BytesIO(b'{"a":1}\n'), BytesIO(), max_line=8).receive() == {"a": 1}
    with pytest.raises(SyncError, match="too long"):
        Channel(BytesIO(b'{"a":11}\n'), BytesIO(), max_line=8).receive()


@given(st.binary() | JSON.map(lambda value: json.dumps({"batch": value, "images": value}).encode()))
def test_any_reply_is_understood_or_refused(reply: bytes) -> None:
    remote = RemoteReplica(Channel(BytesIO(encode(GREETING) + b"\n" + reply + b"\n"), BytesIO()), "there")
    with pytest.raises(SyncError):
        remote.changes({}, None)


def test_any_request_is_answered_or_refused(tmp_path: Path) -> None:
    with SqliteHistory(tmp_path / "history.db") as history:
        add_stored_conversation(history)
        before = history.replica.digest()
        names = st.sampled_from(["do", "since", "cursor", "batch", "digest", "digests", "low", "high"])
        verbs = st.sampled_from(["changes", "image", "lacking", "apply", "digest", "range", ""])
        requests = st.tuples(verbs, st.dictionaries(names, JSON)).map(lambda pair: {"do": pair[0], **pair[1]})

        @given(requests)
        def ask(request: dict[str, object]) -> None:
            out = BytesIO()
            try:
                serve(history, Channel(BytesIO(json.dumps(request).encode() + b"\n"), out))
            except SyncError:
                assert b"error" in out.getvalue().splitlines()[-1]

        ask()
        assert history.replica.digest() == before


def test_an_error_of_the_other_side_is_shown_safely() -> None:
    reply = encode({"error": "bad\x1b]0;title\x07"})
    remote = RemoteReplica(Channel(BytesIO(encode(GREETING) + b"\n" + reply + b"\n"), BytesIO()), "there")
    with pytest.raises(SyncError) as raised:
        remote.range(1, 2)
    assert "bad" in str(raised.value)
    assert "\x1b" not in str(raised.value)
