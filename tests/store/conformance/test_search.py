"""Search in titles and messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holytui.models import AnswerState, Role
from holytui.store.history import History
from holytui.store.matches import folded
from tests.store.conformance.conftest import Opener
from tests.store.samples import CONTENT, add_question, ask

FOLDED = [
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
]
"""Queries, and texts that contain their words."""


@pytest.mark.parametrize(("query", "text"), FOLDED)
def test_words_are_found_whatever_their_accents_and_case(history: History, query: str, text: str) -> None:
    assert_found(history, query, text)


def assert_found(history: History, query: str, text: str) -> None:
    add_question(history, "quite something else: xyz")
    wanted = add_question(history, text)
    (hit,) = history.search(query)
    assert (hit.message_id, hit.role, hit.title) == (wanted, Role.USER, "t")
    assert hit.ranges
    for start, end in hit.ranges:
        assert folded(hit.snippet[start:end]) in folded(query)


@pytest.mark.parametrize("query", ["", "  ", "nothing like it", "AND", "x OR y", "tieng NOT", "NEAR(a b)", '"', "*"])
def test_what_is_not_said_is_not_found(history: History, query: str) -> None:
    add_question(history, "tiếng Việt x y a b")
    assert history.search(query) == []


def test_a_wildcard_is_a_character_like_others(history: History) -> None:
    add_question(history, "abc")
    assert history.search("a%c") == history.search("a_c") == history.search("_") == history.search("ab*") == []


def test_titles_are_found_and_come_first(history: History) -> None:
    add_question(history, "about penguins", title="other")
    add_question(history, "no birds", title="All about penguins")
    found = history.search("penguins")
    assert [(hit.title, hit.message_id is None) for hit in found] == [("All about penguins", True), ("other", False)]
    assert found[0].role is None


def test_a_new_title_takes_the_place_of_the_old(history: History) -> None:
    made = history.create_conversation(title="before")
    history.update_conversation(made.id, title="after")
    assert history.search("before") == []
    assert [hit.snippet for hit in history.search("after")] == ["after"]


def test_newer_texts_come_first_among_equals(opener: Opener) -> None:
    now = [0.0]
    history = opener(clock=lambda: now[0])
    old = add_question(history, "the same words")
    now[0] = 90 * 86400.0
    new = add_question(history, "the same words")
    assert [hit.message_id for hit in history.search("same words")] == [new, old]


def test_a_text_about_the_words_comes_before_one_that_mentions_them(history: History) -> None:
    about = add_question(history, "penguin penguin penguin")
    add_question(history, "filler " * 200 + "penguin")
    assert history.search("penguin")[0].message_id == about


def test_an_answer_is_found_once_it_has_ended(history: History) -> None:
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


def test_one_conversation_alone_can_be_searched(history: History) -> None:
    here, there = ask(history, "common words"), ask(history, "common words")
    found = history.search("common", conversation_id=here.conversation_id)
    assert [hit.message_id for hit in found] == [here.question.id]
    assert len(history.search("common")) == 2
    assert len(history.search("common", limit=1)) == 1
    assert history.search("common", limit=0) == []
    assert there.conversation_id != here.conversation_id


def test_questions_come_newest_first_and_each_once(history: History) -> None:
    for text in ("Một", "two", "x" * 3_000, "two"):
        add_question(history, text, f"About {text[:3]}")
    gone = add_question(history, "deleted", "Gone")
    message = history.message(gone)
    assert message is not None
    history.delete_conversation(message.conversation_id)
    found = history.questions(10)
    assert [(each.excerpt, each.conversation_title) for each in found] == [
        ("two", "About two"),
        ("x" * 2_000, "About xxx"),
        ("Một", "About Một"),
    ]
    assert [each.excerpt for each in history.questions(2)] == ["two", "x" * 2_000]
    question = history.message(found[1].message_id)
    assert question is not None
    assert question.text == "x" * 3_000
