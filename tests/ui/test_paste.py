from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from holytui import i18n
from holytui.ui.composer.paste import MAX_CHARS, MAX_LINES, MIN_CHARS, MIN_LINES, Pastes

_LONG = "\n".join(f"line {number}" for number in range(10_000))


def test_a_long_paste_becomes_a_chip_and_is_sent_whole() -> None:
    pastes = Pastes()
    chip = pastes.fold(_LONG)
    assert chip == "[paste 1: 10,000 lines]"
    assert pastes.expand(f"what is this? {chip} Explain.") == f"what is this? {_LONG} Explain."


def test_what_is_short_is_written_as_it_is() -> None:
    assert Pastes().fold("a\nb") == "a\nb"
    assert Pastes().fold("\n".join("x" * (MIN_LINES - 1))) == "\n".join("x" * (MIN_LINES - 1))
    assert Pastes().fold("\n".join("x" * MIN_LINES)) == f"[paste 1: {MIN_LINES} lines]"


def test_one_long_line_is_counted_in_characters() -> None:
    assert Pastes().fold("x" * (MIN_CHARS - 1)) == "x" * (MIN_CHARS - 1)
    assert Pastes().fold("x" * MIN_CHARS) == "[paste 1: 2,000 characters]"


def test_line_ends_are_one_sign_and_controls_are_harmless() -> None:
    assert Pastes().fold("a\r\nb\rc\x1b[2J") == "a\nb\nc␛[2J"


def test_the_same_paste_is_the_same_chip_and_another_is_not() -> None:
    pastes = Pastes()
    first = pastes.fold(_LONG)
    assert pastes.fold(_LONG) == first
    assert pastes.fold(_LONG + "\nmore") == "[paste 2: 10,001 lines]"


def test_a_chip_that_was_kept_alone_is_not_overwritten() -> None:
    pastes = Pastes({"[paste 2: 12 lines]": "kept"})
    chip = pastes.fold("\n".join("abcdefghijkl"))
    assert pastes.expand("[paste 2: 12 lines]") == "kept"
    assert pastes.expand(chip) == "\n".join("abcdefghijkl")


def test_a_text_that_comes_back_is_folded_as_it_was() -> None:
    pastes = Pastes()
    chip = pastes.fold(_LONG)
    assert pastes.refold(f"see {_LONG} there") == f"see {chip} there"
    assert pastes.refold("nothing of it") == "nothing of it"


def test_only_chips_that_are_still_there_are_kept() -> None:
    pastes = Pastes()
    first, second = pastes.fold(_LONG), pastes.fold("y" * MIN_CHARS)
    assert pastes.used_in(f"a {second}") == {second: "y" * MIN_CHARS}
    assert set(pastes.texts) == {first, second}


def test_a_chip_is_found_from_both_of_its_ends() -> None:
    pastes = Pastes()
    chip = pastes.fold(_LONG)
    assert pastes.chip_before(f"ab{chip}c", 2 + len(chip)) == 2
    assert pastes.chip_after(f"ab{chip}c", 2) == 2 + len(chip)
    assert pastes.chip_before("abc", 2) is None
    assert pastes.chip_after("abc", 0) is None


def test_the_chip_speaks_the_users_numbers() -> None:
    i18n.set_language("vi")
    assert "10.000" in Pastes().fold(_LONG)


_TEXTS = st.lists(
    st.sampled_from(["a\n" * MIN_LINES, "b" * MIN_CHARS, "short", "[paste 1: 12 lines]", "\n"]), max_size=6
)


@settings(max_examples=100, deadline=None)
@given(_TEXTS, _TEXTS)
def test_folding_and_unfolding_lose_nothing(pasted: list[str], text: list[str]) -> None:
    pastes = Pastes()
    for piece in pasted:
        pastes.fold(piece)
    whole = "".join(text)
    refolded = pastes.refold(whole)
    assert pastes.expand(refolded) == pastes.expand(whole)


def test_the_ends_of_a_long_text_stay_and_its_middle_is_a_chip() -> None:
    text = f"Why?\n{'x' * 1_000_000}\nThis is wrong:\n    x = 1\n"
    pastes = Pastes()
    shown = pastes.shorten(text)
    assert shown == "Why?\n[paste 1: 1,000,000 characters]\nThis is wrong:\n    x = 1\n"
    assert pastes.expand(shown) == text
    assert pastes.shorten(text) == shown  # no second chip
    assert pastes.shorten("x" * MAX_CHARS) == "x" * MAX_CHARS
    assert Pastes().shorten("x" * (MAX_CHARS + 1)) == "[paste 1: 20,001 characters]"
    assert Pastes().shorten("\n" * 9_000).strip() == "[paste 1: 8,988 characters]"


def test_a_line_that_is_to_stay_in_sight_does() -> None:
    lines = [f"line {number}" for number in range(5_000)]
    pastes = Pastes()
    shown = pastes.shorten("\n".join(lines), lambda line: line == "line 2000")
    assert shown.split("\n")[6:9] == ["[paste 1: 1,994 lines]", "line 2000", "[paste 2: 2,993 lines]"]
    assert pastes.expand(shown) == "\n".join(lines)


def test_a_text_with_the_words_of_the_new_chip_is_all_in_it() -> None:
    text = f"[paste 1: 1,000,000 characters]\n{'x' * 1_000_000}\nend"
    pastes = Pastes()
    shown = pastes.shorten(text)
    assert shown == "[paste 2: 1,000,036 characters]"
    assert pastes.expand(shown) == text


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["a\n" * 700, "b" * 15_000, "か\n", "[paste 1: 12 lines]", "\n", "c@f"]), max_size=9),
    st.booleans(),
)
def test_shortening_loses_nothing_and_leaves_little(pieces: list[str], keep: bool) -> None:
    pastes = Pastes({"[paste 1: 12 lines]": "kept\n" * 12})
    text = "".join(pieces)
    shown = pastes.shorten(text, lambda line: keep and line == "c@f")
    assert pastes.expand(shown) == pastes.expand(text)
    assert len(shown) <= MAX_CHARS
    assert shown.count("\n") <= MAX_LINES
