from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holytui.text import Sanitizer, fold, nearest, nfc, sanitize, sanitize_line, title_of

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
nasty = st.text(alphabet=st.sampled_from("ab\r\n\t\x00\x1b\x7f\x85\x9b\u2028\u2029\ud83d\ude00\ud800\udc00" + BIDI))
anything = st.text(alphabet=st.characters(categories=("L", "M", "N", "P", "S", "Z", "C")))
texts = nasty | anything | st.text()


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("a\r\nb\rc", "a\nb␍c"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x00\x08\x0b\x7f", "␀␈␋␡"),
        ("\x9b31m\x85", "\ufffd31m\ufffd"),
        ("user\u202egnp.exe", "user<U+202E>gnp.exe"),
        ("\ufeffbom", "<U+FEFF>bom"),
        ("a\u2028b\u2029c", "a\nb\nc"),
        ("\ud83d\ude00 \ud83d", "😀 \ufffd"),
        ("👩\u200d💻 क्\u200dष می\u200cخواهم", "👩\u200d💻 क्\u200dष می\u200cخواهم"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(raw: str, safe: str) -> None:
    assert sanitize(raw) == safe


@settings(max_examples=300, deadline=None)
@given(texts)
def test_nothing_unsafe_is_left_and_doing_it_twice_changes_nothing(text: str) -> None:
    safe = sanitize(text)
    assert sanitize(safe) == safe
    assert all(char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs") for char in safe)
    assert not any(char in BIDI + "\u2028\u2029" for char in safe)
    safe.encode()


@settings(max_examples=300, deadline=None)
@given(st.lists(texts, max_size=6))
@example(["a\r", "\nb"])
@example(["\r", "", "\r", "\n"])
@example(["\ud83d", "\ude00"])
@example(["\ud83d", "\ud83d", "\ude00", "\r"])
@example(["a\u2028\r", "\u202e\n"])
def test_however_a_text_is_cut_into_pieces_it_comes_out_the_same(pieces: list[str]) -> None:
    sanitizer = Sanitizer()
    out = "".join(sanitizer.feed(piece) for piece in pieces) + sanitizer.close()
    assert out == sanitize("".join(pieces))


@settings(max_examples=100, deadline=None)
@given(nasty, st.integers(0, 60))
def test_one_cut_anywhere_changes_nothing(text: str, at: int) -> None:
    sanitizer = Sanitizer()
    assert sanitizer.feed(text[:at]) + sanitizer.feed(text[at:]) + sanitizer.close() == sanitize(text)


def test_a_closed_sanitizer_begins_anew() -> None:
    sanitizer = Sanitizer()
    assert sanitizer.feed("a\r") == "a"
    assert sanitizer.close() == "␍"
    assert sanitizer.feed("\n") == "\n"


@settings(max_examples=200, deadline=None)
@given(texts)
def test_a_line_is_one_line(text: str) -> None:
    line = sanitize_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip() == sanitize_line(line)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Tiếng Việt", "tieng viet"),
        ("ĐƯỜNG", "duong"),
        (unicodedata.normalize("NFD", "Đường ế"), "duong e"),
        ("Straße", "strasse"),
        ("か が", "か が"),
        ("İstanbul", "istanbul"),
        ("ΆΛΦΑ", "άλφα"),
    ],
)
def test_folding_is_for_finding(text: str, folded: str) -> None:
    assert fold(text) == folded


@settings(max_examples=300, deadline=None)
@given(anything)
@example("\u0390")
@example("ﬁ\u0301")
@example("ᾳ")
def test_folding_does_not_depend_on_how_a_letter_is_composed(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(nfc(text)) == fold(text)


def test_letters_typed_in_parts_are_composed() -> None:
    assert nfc("e\u0302\u0301") == "ế"


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("", ""),
        ("\n \n", ""),
        ("Why?", "Why?"),
        ("\n\n## Why   is\tit?\nBecause", "Why is it?"),
        ("---\nWhy?", "Why?"),
        ("> quoted", "quoted"),
        ("\x1b[31mred", "␛[31mred"),
        ("word " * 20, "word word word word word word word word word word word…"),
        ("x" * 61, "x" * 59 + "…"),
        ("x" * 60, "x" * 60),
    ],
)
def test_a_title_is_the_first_words_of_the_question(question: str, title: str) -> None:
    assert title_of(question) == title


@settings(max_examples=200, deadline=None)
@given(texts, st.integers(2, 80))
def test_a_title_is_one_safe_line_of_limited_length(question: str, limit: int) -> None:
    title = title_of(question, limit)
    assert len(title) <= limit
    assert sanitize_line(title) == title


def test_the_nearest_name_is_the_one_that_was_meant() -> None:
    assert nearest("max_retrys", ["max_retries", "max_delay"]) == "max_retries"
    assert nearest("zzz", ["max_retries"]) is None
    assert nearest("x", []) is None
