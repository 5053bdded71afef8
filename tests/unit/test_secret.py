from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.secret import Secret, scrub


def test_a_secret_shows_itself_on_request_only() -> None:
    secret = Secret("sk-hush-hush")
    assert secret.reveal() == "sk-hush-hush"
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{[secret]}", "%s" % secret):  # noqa: UP031 - old formatting too
        assert "hush" not in shown


def test_a_secret_is_not_written_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("sk-hush-hush")
    with pytest.raises(TypeError, match="not to be pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    logging.getLogger("x").warning("key %s %r", secret, secret)
    assert "hush" not in caplog.text


def test_secrets_are_equal_by_what_they_hold() -> None:
    assert Secret("sk-one-one") == Secret("sk-one-one") != Secret("sk-two-two")
    assert Secret("sk-one-one") != "sk-one-one"
    assert len({Secret("sk-one-one"), Secret("sk-one-one")}) == 1
    assert Secret("x")
    assert not Secret("")


def test_no_known_secret_is_left_in_a_text() -> None:
    Secret("sk-abcdef")
    Secret("sk-abcdef-longer")
    assert scrub("a sk-abcdef b sk-abcdef-longer c") == "a ••• b ••• c"


def test_a_placeholder_that_is_no_key_masks_nothing() -> None:
    Secret("none")
    Secret("")
    assert scrub("there is none") == "there is none"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="xyz", min_size=6, max_size=12), st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_found_wherever_it_stands(key: str, before: str, after: str) -> None:
    Secret(key)
    assert key not in scrub(before + key + after)
