from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.store.sqlite.history import SqliteHistory
from holytui.ui.composer import draft_store
from holytui.ui.composer.draft_store import Draft, DraftBuffer, decode, encode

_DRAFTS = st.builds(Draft, st.text(max_size=30), st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=2))


@settings(max_examples=200, deadline=None)
@given(_DRAFTS)
def test_a_draft_comes_back_as_it_was(draft: Draft) -> None:
    assert decode(encode(draft)) == draft


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40).map(lambda text: '{"holytui draft":' + text))
def test_a_text_that_looks_like_one_of_ours_comes_back_too(text: str) -> None:
    assert decode(encode(Draft(text))) == Draft(text)


def test_what_is_no_draft_of_ours_is_a_text() -> None:
    for kept in ('{"holytui draft": 1}', '{"holytui draft": "a", "pastes": {"p": 1}}', '{"holytui draft":'):
        assert decode(kept) == Draft(kept)


def test_a_plain_text_is_kept_as_it_is() -> None:
    assert encode(Draft("hello")) == "hello"


def test_each_conversation_has_its_own_and_one_that_is_not_there_yet_too(tmp_path: Path) -> None:
    history = SqliteHistory.open(tmp_path / "history.db")
    one = history.create_conversation(title="one").id
    buffer = DraftBuffer()
    assert buffer.update(Draft("for a new one"))
    assert buffer.switch_to(one, Draft()) == Draft()
    assert buffer.update(Draft("for one", {"[p]": "x"}))
    buffer.save(history)
    assert not buffer.update(Draft("for one", {"[p]": "x"}))
    assert draft_store.load(history, "") == Draft("for a new one")
    assert draft_store.load(history, one) == Draft("for one", {"[p]": "x"})
    history.close()


def test_what_was_not_saved_yet_is_newer_than_the_disk() -> None:
    buffer = DraftBuffer()
    buffer.switch_to("a", Draft())
    buffer.update(Draft("fresh"))
    buffer.switch_to("b", Draft())
    assert buffer.switch_to("a", Draft("old")) == Draft("fresh")


def test_a_new_conversation_that_got_its_id_leaves_no_draft_behind(tmp_path: Path) -> None:
    history = SqliteHistory.open(tmp_path / "history.db")
    buffer = DraftBuffer()
    buffer.update(Draft("asked"))
    buffer.save(history)
    buffer.assign_id("x")
    buffer.save(history)
    assert draft_store.load(history, "") == Draft()
    history.close()


def test_a_draft_of_a_conversation_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    history = SqliteHistory.open(tmp_path / "history.db")
    buffer = DraftBuffer()
    buffer.switch_to("gone", Draft())
    buffer.update(Draft("x"))
    buffer.save(history)
    assert draft_store.load(history, "gone") == Draft()
    history.close()
