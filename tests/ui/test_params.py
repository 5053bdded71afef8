from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.config.params_line import format_params, parse_option, parse_params

_VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False, allow_infinity=False, width=32),
        st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=8),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("ab-. é", max_size=4), inner, max_size=2)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text("abc_-. é", max_size=5), _VALUES, max_size=3))
def test_parameters_are_shown_as_they_are_read(params: dict[str, object]) -> None:
    assert parse_params(format_params(params)) == params


@pytest.mark.parametrize("line", ["", "  ", ","])
def test_nothing_is_no_parameters(line: str) -> None:
    assert parse_params(line) == {}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("temperature", "not understood"),
        ("temperature = 0.7 }\nother = {", "one line"),
        ("stream = false", "“stream” is set by holytui"),
        ("a = nan", "only numbers"),
        ("day = 2026-01-01", "only numbers"),
    ],
)
def test_what_cannot_be_sent_is_told(line: str, words: str) -> None:
    found = parse_params(line)
    assert isinstance(found, str)
    assert words in found


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("temperature=0.2", {"temperature": 0.2}),
        ("stop = ['a', 'b']", {"stop": ["a", "b"]}),
        ("effort=high", {"effort": "high"}),
        ("format={type='json_object'}", {"format": {"type": "json_object"}}),
        ("a.b=true", {"a.b": True}),
    ],
)
def test_an_option_of_a_command_is_one_parameter(text: str, params: dict[str, object]) -> None:
    assert parse_option(text) == params


@pytest.mark.parametrize("text", ["temperature", "=1", "a=", "a=1, b=2", "a=[1", "model=x", "a=nan", "a=1}\nb={"])
def test_an_option_that_is_none_is_told(text: str) -> None:
    assert isinstance(parse_option(text), str)
