from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.models import AnswerState, Role
from holytui.store.matches import fold_with_offsets, folded
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.sqlite.search import excerpt, match_expression, place
from tests.store.conftest import Opener
from tests.store.samples import CONTENT, ask

ODD = st.text(st.sampled_from("aB đĐếÉ\u0302\u0301ßİ가\u1100\u1161\u11a8が\u304b\u3099😀ﬁ\n"), max_size=60)


def say(history: SqliteHistory, text: str, title: str = "t") -> str:
    made = history.create_conversation(title=title)
    return history.add_message(made.id, Role.USER, text, parent_id=None).id


@pytest.mark.parametrize("fts", [True, False])
@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("tieng viet", "Học Tiếng Việt mỗi ngày"),
        ("TIẾNG", "học tiếng việt"),
        ("duong", "Con đường dài"),
        ("đường", "CON DUONG DAI"),
        ("def main", "```python\ndef main():\n```"),
        ("c++", "I like C++ a lot"),
        ('say "hi"', 'they say "hi" often'),
        ("100%", "it is 100% sure"),
        ("a_b", "the name a_b here"),
        ("中文", "这是中文文本"),
        ("文", "这是中文文本"),
        ("go", "Let it go now"),
        ("far near", "near and far"),
        ("strasse", "Die Straße"),
        ("cafe", "un cafe\u0301 noir"),
    ],
)
def test_words_are_found_whatever_their_accents_and_case(opener: Opener, fts: bool, query: str, text: str) -> None:
    history = opener(fts=fts)
    say(history, "quite something else: xyz")
    wanted = say(history, text)
    (hit,) = history.search(query)
    assert (hit.message_id, hit.role, hit.title) == (wanted, Role.USER, "t")
    assert hit.ranges
    # hypothesis below proves this for odd texts; here each mark must be one of the words
    for start, end in hit.ranges:
        assert folded(hit.snippet[start:end]) in folded(query)


@pytest.mark.parametrize("query", ["", "  ", "nothing like it", "AND", "x OR y", "tieng NOT", "NEAR(a b)", '"', "*"])
def test_what_is_not_said_is_not_found(history: SqliteHistory, query: str) -> None:
    say(history, "tiếng Việt x y a b")
    assert history.search(query) == []


def test_a_wildcard_is_a_character_like_others(history: SqliteHistory) -> None:
    say(history, "abc")
    assert history.search("a%c") == history.search("a_c") == history.search("_") == history.search("ab*") == []


def test_titles_are_found_and_come_first(history: SqliteHistory) -> None:
    say(history, "about penguins", title="other")
    say(history, "no birds", title="All about penguins")
    found = history.search("penguins")
    assert [(hit.title, hit.message_id is None) for hit in found] == [("All about penguins", True), ("other", False)]
    assert found[0].role is None


def test_a_new_title_takes_the_place_of_the_old(history: SqliteHistory) -> None:
    made = history.create_conversation(title="before")
    history.update_conversation(made.id, title="after")
    assert history.search("before") == []
    assert [hit.snippet for hit in history.search("after")] == ["after"]


def test_newer_texts_come_first_among_equals(opener: Opener) -> None:
    now = [0.0]
    history = opener(clock=lambda: now[0])
    old = say(history, "the same words")
    now[0] = 90 * 86400.0
    new = say(history, "the same words")
    assert [hit.message_id for hit in history.search("same words")] == [new, old]


def test_a_text_about_the_words_comes_before_one_that_mentions_them(history: SqliteHistory) -> None:
    about = say(history, "penguin penguin penguin")
    say(history, "filler " * 200 + "penguin")
    assert history.search("penguin")[0].message_id == about


def test_an_answer_is_found_once_it_has_ended(history: SqliteHistory) -> None:
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "streamed words")
    assert history.search("streamed") == []
    history.finish(replace(asked.answer, text="streamed words", state=AnswerState.COMPLETE))
    assert [hit.message_id for hit in history.search("streamed")] == [asked.answer.id]
    history.finish(replace(asked.answer, text="other words", state=AnswerState.COMPLETE))
    assert history.search("streamed") == []


def test_a_cut_answer_is_found_too(opener: Opener) -> None:
    first = opener()
    asked = ask(first)
    first.journal(asked.attempt.id, CONTENT, "cut words")
    first.close()
    history = opener()
    assert history.search("cut words") == []
    history.unfinished()
    assert [hit.message_id for hit in history.search("cut words")] == [asked.answer.id]


def test_one_conversation_alone_can_be_searched(history: SqliteHistory) -> None:
    here, there = ask(history, "common words"), ask(history, "common words")
    found = history.search("common", conversation_id=here.conversation_id)
    assert [hit.message_id for hit in found] == [here.question.id]
    assert len(history.search("common")) == 2
    assert len(history.search("common", limit=1)) == 1
    assert history.search("common", limit=0) == []
    assert there.conversation_id != here.conversation_id


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
    say(plain, "written without an index")
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
