from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holytui.store import matches
from holytui.text import (
    INVISIBLE,
    Sanitizer,
    VisibleStream,
    fold,
    nearest,
    nfc,
    one_line,
    sanitize,
    sanitize_line,
    title_of,
    visible,
)

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
NAMED_ONLY = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Format characters by their category, which are seen all the same."""
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
        ("\ud83d\ude00 \ud83d", "😀 \ufffd"),
        ("👩\u200d💻 क्\u200dष می\u200cخواهم", "👩\u200d💻 क्\u200dष می\u200cخواهم"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(raw: str, safe: str) -> None:
    assert sanitize(raw) == safe


@settings(max_examples=300, deadline=None)
@given(texts)
def test_what_arrives_has_no_controls_and_nothing_else_is_changed(text: str) -> None:
    safe = sanitize(text)
    assert sanitize(safe) == safe
    assert all(char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs") for char in safe)
    safe.encode()
    kept = [char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs")]
    assert sanitize("".join(kept)) == "".join(kept)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("user\u202egnp.exe", "user<U+202E>gnp.exe"),
        ("\ufeffbom", "<U+FEFF>bom"),
        ("a\u2028b\u2029c", "a\nb\nc"),
        ("hid\U000e0068\U000e0069", "hid<U+E0068><U+E0069>"),
        ("co\u00adoperate", "co-operate"),
        ("\x1b\r\n", "␛\n"),
        (SCOTLAND, SCOTLAND),
        (SCOTLAND[:-1], "\U0001f3f4<U+E0067><U+E0062><U+E0073><U+E0063><U+E0074>"),
        ("ខ\u200bក a\u200bb", "ខក a<U+200B>b"),
        ("👩\u200d💻 ❤\ufe0f क्\u200dष می\u200cخواهم", "👩\u200d💻 ❤\ufe0f क्\u200dष می\u200cخواهم"),
    ],
)
def test_what_cannot_be_seen_is_a_sign_where_it_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_every_invisible_format_character_is_shown() -> None:
    kept = set("\u200c\u200d" + NAMED_ONLY)
    for char in map(chr, range(0x110000)):
        if unicodedata.category(char) in ("Cf", "Zl", "Zp") and char not in kept:
            assert char in INVISIBLE
            assert char not in visible(f"a{char}b")
            assert char not in visible(char, breaks=False)


def test_separators_can_be_signs() -> None:
    assert visible("a\u2028b\u2029", breaks=False) == "a<U+2028>b<U+2029>"


invisible = st.text(alphabet=st.sampled_from("ab\n" + BIDI + "\u2028\u2029\u200b\u00adខក" + SCOTLAND))


@settings(max_examples=300, deadline=None)
@given(texts | invisible)
def test_what_is_shown_is_safe_and_showing_it_again_changes_nothing(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown == sanitize(shown)
    rest = shown.replace(SCOTLAND, "")
    assert not any(char in INVISIBLE for char in rest if not 0xE0020 <= ord(char) <= 0xE007F)


@settings(max_examples=300, deadline=None)
@given(st.lists(invisible | st.just(SCOTLAND), max_size=6))
@example([SCOTLAND[:3], SCOTLAND[3:]])
@example([*SCOTLAND])
@example(["ខ", "\u200b", "ក"])
@example(["ខ", "\u200b", "a"])
@example(["\U0001f3f4", "\U000e0067", "x"])
def test_a_text_in_pieces_is_shown_as_the_whole(pieces: list[str]) -> None:
    stream = VisibleStream()
    assert "".join(stream.feed(piece) for piece in pieces) + stream.close() == visible("".join(pieces))


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
    kept = one_line(text)
    assert len(kept.splitlines()) <= 1
    assert kept == kept.strip() == one_line(kept)
    assert sanitize_line(kept) == line


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
    assert one_line(title) == title


def test_the_nearest_name_is_the_one_that_was_meant() -> None:
    assert nearest("max_retrys", ["max_retries", "max_delay"]) == "max_retries"
    assert nearest("zzz", ["max_retries"]) is None
    assert nearest("x", []) is None


FOLDED = st.text(st.sampled_from("aÀđờ\u0301\u0323\u0130ßﬁᾳ가\u11a8か\u3099ก็ \n断👍🏽\u200d❤️"), max_size=60)


@settings(max_examples=300)
@given(FOLDED, st.integers(1, 9))
def test_folding_in_parts_is_folding_at_once(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matches, "_PART", size)
        assert "".join(matches.folded_parts(text)) == matches.folded(text)
