from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.models import AnswerState
from holytui.store.matches import excerpt, fold_with_offsets, folded, place
from holytui.store.sqlite.search import match_expression
from tests.store.conformance.test_search import FOLDED, assert_found
from tests.store.conftest import Opener
from tests.store.samples import add_question, ask

ODD = st.text(st.sampled_from("aB đĐếÉ\u0302\u0301ßİ가\u1100\u1161\u11a8が\u304b\u3099😀ﬁ\n"), max_size=60)


@pytest.mark.parametrize(("query", "text"), FOLDED)
def test_words_are_found_without_an_index_too(opener: Opener, query: str, text: str) -> None:
    assert_found(opener(fts=False), query, text)


def test_a_purged_conversation_leaves_nothing_in_the_index(opener: Opener, path: Path) -> None:
    history = opener(clock=lambda: 1000.0)
    asked = ask(history, "secret words")
    history.set_state(asked.answer.id, AnswerState.STOPPED)
    history.delete_conversation(asked.conversation_id)
    assert history.purge_deleted(2000.0) == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM search_text").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM search WHERE search MATCH '\"secret\"'").fetchone() == (0,)
        connection.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")


def test_what_a_sqlite_without_fts5_wrote_is_found_by_one_with_it(opener: Opener) -> None:
    full = opener()
    changed = full.create_conversation(title="before")
    full.close()
    plain = opener(fts=False)
    add_question(plain, "written without an index")
    plain.update_conversation(changed.id, title="after")
    assert len(plain.search("without an index")) == 1
    plain.close()
    again = opener()
    assert len(again.search("without an index")) == 1
    assert again.search("before") == []
    assert len(again.search("after")) == 1


def test_a_snippet_is_one_line_around_the_first_match() -> None:
    text = "đầu " * 100 + "\nthe\tneedle\nis here" + " cuối" * 100
    snippet, ranges = excerpt(text, folded(text), ["needle"])
    assert [snippet[a:b] for a, b in ranges] == ["needle"]
    assert "\n" not in snippet
    assert snippet[0] == snippet[-1] == "…"
    assert len(snippet) < 250


@settings(max_examples=150, deadline=None)
@given(ODD)
def test_places_tell_where_each_folded_character_came_from(text: str) -> None:
    plain, places = fold_with_offsets(text)
    assert len(places) == len(plain) + 1
    assert list(places) == sorted(places)
    assert places[-1] == len(text)
    assert plain == folded(text)


@settings(max_examples=100, deadline=None)
@given(ODD, ODD, st.integers(0, 40), st.integers(1, 10))
def test_the_marks_of_a_snippet_are_the_words(before: str, after: str, start: int, length: int) -> None:
    text = before + after
    words = folded(text[start : start + length]).split()
    snippet, ranges = excerpt(text, folded(text), words)
    assert all(0 <= a <= b <= len(snippet) for a, b in ranges)
    assert list(ranges) == sorted(ranges)


@settings(max_examples=150, deadline=None)
@given(ODD, ODD, st.integers(0, 40), st.integers(1, 10))
def test_a_word_is_found_where_it_comes_first(before: str, after: str, start: int, length: int) -> None:
    text = before + after
    for word in folded(text[start : start + length]).split():
        at = place(text, folded(text), word)
        if word in folded(text):
            assert word in folded(text[at:])
            assert word not in folded(text[:at])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4))
def test_no_word_is_an_operator(words: list[str]) -> None:
    words = [word.replace("\0", "") or "x" for word in words]
    words = [word.encode(errors="replace").decode() for word in words]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE search USING fts5(text, tokenize='trigram')")
        connection.execute("SELECT 1 FROM search WHERE search MATCH ?", (match_expression(words),)).fetchall()
