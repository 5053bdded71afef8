from __future__ import annotations

import datetime
import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.config.key_locations import EntryKind, KeyLocations, scan
from holytui.config.problems import KeyPath

KNOTTY = '''\
# a comment with = and [brackets]
top = 1  # after a value
"quoted key" = 'x # no comment'
'lit.eral'.sub = "a \\" ] } , # b"
dotted . spaced = 1979-05-27 07:32:00
text = """
[no.table]
key = "value"
five quotes: """""
raw = \'\'\'
[[no]] \\\'\'\'
list = [ 1, "two, ]", # comment ]
  [3, { deep = [4,
  5] }],
]
inline = { a = 1, "b.c" = { d = "}" }, e.f = [] }
empty = {}
nothing = []

[a.b]
x = 1
[a]
y = 2
[[fruit]]
name = "apple"
[fruit.physical]
colour = "red"
[[fruit.variety]]
name = "one"
[[fruit.variety]]
name = "two"
[[fruit]]
name = "banana"
[[fruit.variety]]
name = "three"
'''


def leaves(value: object, path: KeyPath = ()) -> dict[KeyPath, object]:
    """All values by path, tables and lists included."""
    out: dict[KeyPath, object] = {path: value} if path else {}
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for name, item in items:
        out |= leaves(item, (*path, name))
    return out


def agrees(text: str) -> None:
    parsed = leaves(tomllib.loads(text))
    lines = scan(text)
    seen: set[KeyPath] = set()
    for entry in lines.entries:
        seen |= {entry.path[:length] for length in range(1, len(entry.path) + 1)}
        if entry.kind in (EntryKind.PAIR, EntryKind.INNER):
            again: dict[str, Any] = tomllib.loads("x = " + text[entry.value : entry.end])
            assert again["x"] == parsed[entry.path]
        assert entry.line == text.count("\n", 0, entry.start) + 1
    assert seen == set(parsed)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_key_of_a_knotty_file_is_found(newline: str) -> None:
    agrees(KNOTTY.replace("\n", newline))


def test_lines_are_those_of_an_editor() -> None:
    lines = scan(KNOTTY)
    assert lines.line_of(("top",)) == 2
    assert lines.line_of(("lit.eral", "sub")) == 4
    assert lines.line_of(("list", 2, 1, "deep", 1)) == 14
    assert lines.line_of(("inline", "b.c", "d")) == 16
    assert lines.line_of(("a", "y")) == 23
    assert lines.line_of(("fruit", 1, "variety", 0, "name")) == KNOTTY.count("\n")


def test_a_key_that_is_not_there_has_the_line_of_the_table_around_it() -> None:
    lines = scan("[stream]\nmax_retries = 1\n")
    assert lines.line_of(("stream", "retry_delay")) == 1
    assert lines.line_of(("ui", "theme")) is None


def test_a_table_named_in_passing_has_the_line_of_its_own_header() -> None:
    assert scan("[a.b]\n\n[a]\nx = 1\n").line_of(("a",)) == 3


def test_a_text_without_anything_has_no_entries() -> None:
    assert KeyLocations([]).entries == scan(" \n# only words\n").entries == ()


@pytest.mark.parametrize("text", ["=", "a", "a =", "[a", "a = [1", "a = {x = 1", '"a', "a = {x}", "]"])
def test_what_is_no_toml_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no"):
        scan(text)


scalars = (
    st.text()
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.dates(datetime.date(1000, 1, 1))
    | st.times()
    | st.datetimes(datetime.datetime(1000, 1, 1))  # noqa: DTZ001 - TOML has local times too
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=12
)
tables = st.dictionaries(st.text(), values, max_size=5)


@settings(max_examples=150, deadline=None)
@given(tables, st.booleans())
def test_what_a_writer_writes_is_found_whole(table: dict[str, object], multiline: bool) -> None:
    agrees(tomli_w.dumps(table, multiline_strings=multiline))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab.=[]{}\"'\\#,1 \n\r\t", max_size=40))
def test_whatever_toml_accepts_is_found_whole(text: str) -> None:
    try:
        tomllib.loads(text)
    except ValueError:
        return
    agrees(text)
